package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	magicFramed    = "\xff\x06\x00\x00sNaPpY"

	// smallestFile is two magics around a footer length.
	smallestFile = 12
)

// wrappings are the formats that a Parquet file is known to get wrapped in, by their first bytes.
// PostHog's .sz, .zst, .gz, .br and .lz4 are none of these: there the codec is inside the Parquet file.
var wrappings = []struct{ head, name, mend string }{
	{"\xff\x06\x00\x00S2sTwO", "an S2 stream", "unwrap it with s2d and upload the Parquet file itself"},
	{"\x1f\x8b", "a gzip file", "gunzip it and upload the Parquet file itself"},
	{"\x28\xb5\x2f\xfd", "a zstd file", "unwrap it with zstd -d and upload the Parquet file itself"},
	{"\x04\x22\x4d\x18", "an lz4 file", "unwrap it with lz4 -d and upload the Parquet file itself"},
	{"{", "JSON lines", "set the file format of PostHog's batch export to Parquet"},
}

// sniff looks at both ends of a file. It returns nil for Parquet, errFramed for a snappy framing stream,
// an [Error] for everything else, and any other error for a disk that cannot be read.
// Both ends count: a framed file may well end in PAR1, and a Parquet file that was cut off still starts with it.
func sniff(r io.ReaderAt, size int64) error {
	if size == 0 {
		return errorf(NotParquet, "the file is empty")
	}
	head, err := readUpTo(r, 0, min(size, int64(len(magicFramed))))
	if err != nil {
		return err
	}
	if bytes.HasPrefix(head, []byte(magicFramed)) {
		return errFramed
	}
	for _, w := range wrappings {
		if bytes.HasPrefix(head, []byte(w.head)) {
			return errorf(NotParquet, "it is %s; %s", w.name, w.mend)
		}
	}
	encrypted := bytes.HasPrefix(head, []byte(magicEncrypted))
	if !encrypted && !bytes.HasPrefix(head, []byte(magic)) {
		return errorf(NotParquet, "it does not start with %s", magic)
	}
	if size < smallestFile {
		return errorf(Truncated, "%d bytes are too few for a Parquet file", size)
	}
	tail, err := readUpTo(r, size-int64(len(magic)), int64(len(magic)))
	if err != nil {
		return err
	}
	switch {
	case encrypted || string(tail) == magicEncrypted:
		return errorf(Unsupported, "its footer is encrypted; turn off Parquet encryption in the writer")
	case string(tail) != magic:
		return errorf(Truncated, "it does not end with %s, so its end is missing or damaged; export the hour again", magic)
	default:
		return nil
	}
}

// errFramed says that the file has to be unwrapped first.
var errFramed = errors.New("snappy framing stream")

func readUpTo(r io.ReaderAt, offset, n int64) ([]byte, error) {
	data := make([]byte, n)
	if err := readFull(r, data, offset); err != nil {
		return nil, err
	}
	return data, nil
}

// readFull fills data from offset on. All callers have checked that the file reaches that far,
// so an end of file here is a file that changed underneath, which is not a fault of its content.
func readFull(r io.ReaderAt, data []byte, offset int64) error {
	n, err := r.ReadAt(data, offset)
	if n == len(data) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(data), offset, err)
}
