package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/golang/snappy"
)

// source is an open Parquet file: the file of the caller, or what was unwrapped from it.
type source struct {
	*os.File
	size int64
}

// openSource opens the file at path and makes sure that both of its ends look like Parquet.
func openSource(path string, limits Limits) (*source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open export file: %w", err)
	}
	src, err := sniffed(file)
	if !errors.Is(err, errFramed) {
		if err != nil {
			_ = file.Close()
		}
		return src, err
	}
	defer file.Close()

	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("size of export file: %w", err)
	}
	return unwrap(file, info.Size(), filepath.Dir(path), limits)
}

func sniffed(file *os.File) (*source, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("size of export file: %w", err)
	}
	if err := sniff(file, info.Size()); err != nil {
		return nil, err
	}
	return &source{File: file, size: info.Size()}, nil
}

// unwrap decodes a snappy framing stream into a temporary file in folder. Parquet is read from its end,
// so it cannot be read through the framing. The file has no name from the start: it goes with its
// descriptor, even when the process is killed.
func unwrap(framed io.Reader, size int64, folder string, limits Limits) (*source, error) {
	plain, err := os.CreateTemp(folder, ".unwrapped-*.parquet")
	if err != nil {
		return nil, fmt.Errorf("create file for unwrapping: %w", err)
	}
	if err := os.Remove(plain.Name()); err != nil {
		_ = plain.Close()
		return nil, fmt.Errorf("unlink file for unwrapping: %w", err)
	}
	src, err := unwrapInto(plain, framed, size, limits)
	if err != nil {
		_ = plain.Close()
		return nil, err
	}
	return src, nil
}

func unwrapInto(plain *os.File, framed io.Reader, size int64, limits Limits) (*source, error) {
	// Small files may grow by more than the ratio: their frames hold hardly anything.
	most := min(max(size, mebi)*limits.UnwrapRatio, limits.UnwrapBytes)

	n, err := io.Copy(plain, io.LimitReader(snappy.NewReader(framed), most+1))
	switch {
	case errors.Is(err, snappy.ErrCorrupt), errors.Is(err, snappy.ErrUnsupported):
		return nil, &Error{Kind: Corrupt, Detail: "its snappy framing is damaged; export the hour again", Err: err}
	case err != nil:
		return nil, fmt.Errorf("unwrap export file: %w", err)
	case n > most:
		return nil, errorf(TooLarge, "it unwraps from %d to more than %d bytes", size, most)
	}
	src, err := sniffed(plain)
	if errors.Is(err, errFramed) {
		return nil, errorf(NotParquet, "it is framed with snappy more than once")
	}
	return src, err
}
