package parquetfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang/snappy"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func framed(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := snappy.NewBufferedWriter(&out)
	_, err := w.Write(content)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func TestFramedFilesAreUnwrapped(t *testing.T) {
	t.Parallel()
	want := sampleRows(3000, true)
	path := store(t, framed(t, shape{codec: &parquet.Uncompressed, groupRows: 1000}.encode(t, want)))
	got, err := readRows(path, Limits{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestUnwrappingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	contents := map[string][]byte{
		"sound":       framed(t, craft{}.bytes(t)),
		"not Parquet": framed(t, []byte("something else")),
		"damaged":     append(framed(t, craft{}.bytes(t)), 1, 2, 3),
	}
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := store(t, content)
			if f, err := Open(path, Limits{}); err == nil {
				left, err := os.ReadDir(filepath.Dir(path))
				require.NoError(t, err)
				assert.Len(t, left, 1, "while it is open, lest a kill leave it behind")
				require.NoError(t, f.Close())
			}
			left, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			assert.Len(t, left, 1)
		})
	}
}

func TestFramedFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	sound := craft{}.bytes(t)
	whole := framed(t, sound)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 4
	cases := map[string]struct {
		content []byte
		limits  Limits
		kind    Kind
		says    string
	}{
		"a flipped bit":   {flipped, Limits{}, Corrupt, "snappy framing is damaged"},
		"cut off":         {whole[:len(whole)-1], Limits{}, Corrupt, "snappy framing is damaged"},
		"cut at a chunk":  {framed(t, sound[:len(sound)-9]), Limits{}, Truncated, "does not end with PAR1"},
		"only the magic":  {whole[:10], Limits{}, NotParquet, "the file is empty"},
		"framed twice":    {framed(t, whole), Limits{}, NotParquet, "more than once"},
		"gzip inside":     {framed(t, gzipped(t, sound)), Limits{}, NotParquet, "gzip"},
		"a bomb":          {framed(t, make([]byte, 40<<20)), Limits{}, TooLarge, "it unwraps from"},
		"over the limit":  {whole, Limits{UnwrapBytes: 100}, TooLarge, "more than 100 bytes"},
		"over the ratio":  {framed(t, make([]byte, 3<<20)), Limits{UnwrapRatio: 2}, TooLarge, "more than 2097152 bytes"},
		"unknown content": {append(bytes.Clone(whole[:10]), 2, 0, 0, 0), Limits{}, Corrupt, "snappy framing is damaged"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(store(t, c.content), c.limits)
			assert.Contains(t, requireFault(t, err, c.kind).Error(), c.says)
		})
	}
}

type brokenDisk struct{ err error }

func (d brokenDisk) Read([]byte) (int, error)          { return 0, d.err }
func (d brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, d.err }

func TestUnwrappingKeepsDiskErrorsApart(t *testing.T) {
	t.Parallel()
	disk := errors.New("the disk is on fire")
	fault := new(*Error)

	_, err := unwrap(io.MultiReader(bytes.NewReader(framed(t, craft{}.bytes(t))), brokenDisk{disk}), 100, t.TempDir(), Limits{}.withDefaults())
	require.ErrorIs(t, err, disk)
	assert.NotErrorAs(t, err, fault)

	_, err = unwrap(bytes.NewReader(framed(t, nil)), 100, filepath.Join(t.TempDir(), "absent"), Limits{}.withDefaults())
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorAs(t, err, fault)

	err = sniff(brokenDisk{disk}, 100)
	require.ErrorIs(t, err, disk)
	assert.NotErrorAs(t, err, fault)
}
