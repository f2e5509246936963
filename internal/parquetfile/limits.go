package parquetfile

// Limits bound what a file may cost to read. A zero field stands for its default.
// The defaults are far above what PostHog writes (row groups of at most 60 MiB, footers of a few hundred kB)
// and keep a hostile file under about 600 MiB of memory.
type Limits struct {
	// FooterBytes is the largest footer, in bytes. Default 32 MiB.
	FooterBytes int64
	// FooterElements is the largest number of list elements in the footer: a list is allocated by the
	// length it declares, and an element costs up to about a hundred times its byte in the file. Default 1 Mi.
	FooterElements uint64
	// PageBytes is the largest page, compressed or not, in bytes. Default 128 MiB.
	PageBytes int64
	// BufferBytes is the memory that the pages and dictionaries of all columns may hold together, in bytes.
	// Buffers that were outgrown come on top until they are collected. Default 256 MiB.
	BufferBytes int64
	// Rows is the largest number of rows. A repeated value costs next to nothing in a file,
	// so the size of a file does not bound it. Default 100 million.
	Rows int64
	// UnwrapRatio is how many times larger than the file a snappy framing stream may become. Default 16.
	UnwrapRatio int64
	// UnwrapBytes is the largest unwrapped file, in bytes. Default 8 GiB.
	UnwrapBytes int64
}

const (
	kibi = 1 << 10
	mebi = 1 << 20
	gibi = 1 << 30
)

func (l Limits) withDefaults() Limits {
	defaults := Limits{
		FooterBytes:    32 * mebi,
		FooterElements: mebi,
		PageBytes:      128 * mebi,
		BufferBytes:    256 * mebi,
		Rows:           100_000_000,
		UnwrapRatio:    16,
		UnwrapBytes:    8 * gibi,
	}
	if l.FooterBytes == 0 {
		l.FooterBytes = defaults.FooterBytes
	}
	if l.FooterElements == 0 {
		l.FooterElements = defaults.FooterElements
	}
	if l.PageBytes == 0 {
		l.PageBytes = defaults.PageBytes
	}
	if l.BufferBytes == 0 {
		l.BufferBytes = defaults.BufferBytes
	}
	if l.Rows == 0 {
		l.Rows = defaults.Rows
	}
	if l.UnwrapRatio == 0 {
		l.UnwrapRatio = defaults.UnwrapRatio
	}
	if l.UnwrapBytes == 0 {
		l.UnwrapBytes = defaults.UnwrapBytes
	}
	return l
}
