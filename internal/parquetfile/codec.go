package parquetfile

import (
	"bytes"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/golang/snappy"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// decompressor fills buffers of a known size. The codecs of parquet-go are not used for this: they go on
// allocating for as long as there is output, whatever size the page header has declared.
type decompressor struct {
	input  bytes.Reader
	gzip   *gzip.Reader
	brotli *brotli.Reader
	zstd   *zstd.Decoder
}

// decompress decodes src into dst, and fails unless the output is exactly as long as dst.
func (d *decompressor) decompress(codec format.CompressionCodec, dst, src []byte) error {
	if len(dst) == 0 && len(src) == 0 {
		return nil // the values of a v2 page that holds nothing but NULLs
	}
	switch codec {
	case format.Snappy:
		return d.snappy(dst, src)
	case format.Zstd:
		return d.zstandard(dst, src)
	case format.Gzip:
		d.input.Reset(src)
		if err := d.resetGzip(); err != nil {
			return &damage{what: "the page cannot be decompressed", err: err}
		}
		return fill(dst, d.gzip)
	case format.Brotli:
		d.input.Reset(src)
		if d.brotli == nil {
			d.brotli = brotli.NewReader(nil)
		}
		if err := d.brotli.Reset(&d.input); err != nil {
			return &damage{what: "the page cannot be decompressed", err: err}
		}
		return fill(dst, d.brotli)
	default:
		return damagef("the page is compressed with codec %d", codec) // layout has let none of these through
	}
}

// close releases what the codecs hold.
func (d *decompressor) close() {
	if d.zstd != nil {
		d.zstd.Close()
		d.zstd = nil
	}
}

func (d *decompressor) snappy(dst, src []byte) error {
	// Decode allocates what the block claims when that is more than dst holds.
	n, err := snappy.DecodedLen(src)
	if err == nil && n != len(dst) {
		return damagef("the page's content takes %d bytes, its header says %d", n, len(dst))
	}
	if err == nil {
		_, err = snappy.Decode(dst, src)
	}
	if err != nil {
		return &damage{what: "the page cannot be decompressed", err: err}
	}
	return nil
}

func (d *decompressor) zstandard(dst, src []byte) error {
	if d.zstd == nil {
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return err //nolint:wrapcheck // only wrong options fail
		}
		d.zstd = decoder
	}
	out, err := d.zstd.DecodeAll(src, dst[:0:len(dst)])
	if err != nil {
		return &damage{what: "the page cannot be decompressed", err: err}
	}
	if len(out) != len(dst) {
		return damagef("the page's content takes %d bytes, its header says %d", len(out), len(dst))
	}
	return nil
}

func (d *decompressor) resetGzip() error {
	if d.gzip != nil {
		return d.gzip.Reset(&d.input) //nolint:wrapcheck // the caller wraps
	}
	reader, err := gzip.NewReader(&d.input)
	d.gzip = reader
	return err //nolint:wrapcheck // the caller wraps
}

// fill reads exactly len(dst) bytes from a decompressing stream and makes sure that it ends there.
func fill(dst []byte, r io.Reader) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return &damage{what: "the page cannot be decompressed", err: err}
	}
	var one [1]byte
	n, err := io.ReadFull(r, one[:])
	switch {
	case n > 0:
		return damagef("the page's content takes more than the %d bytes of its header", len(dst))
	case !errors.Is(err, io.EOF):
		return &damage{what: "the page cannot be decompressed", err: err}
	default:
		return nil
	}
}
