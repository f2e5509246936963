package parquetfile

import (
	"bytes"
	"math"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// everything has a field of every Thrift type.
type everything struct {
	Yes    bool             `thrift:"1,required"`
	No     bool             `thrift:"2,required"`
	Tiny   int8             `thrift:"3,required"`
	Short  int16            `thrift:"4,required"`
	Middle int32            `thrift:"5,required"`
	Long   int64            `thrift:"40,required"`
	Real   float64          `thrift:"41,required"`
	Text   string           `thrift:"42,required"`
	Bools  []bool           `thrift:"43,required"`
	Texts  []string         `thrift:"44,required"`
	Inner  []inner          `thrift:"45,required"`
	Map    map[string]int32 `thrift:"46,required"`
	Empty  map[string]int32 `thrift:"47,required"`
}

type inner struct {
	Lists [][]int64 `thrift:"1,required"`
	Flag  bool      `thrift:"2,required"`
}

func drawEverything(t *rapid.T) *everything {
	v := &everything{
		Yes: true, Tiny: rapid.Int8().Draw(t, "tiny"), Short: rapid.Int16().Draw(t, "short"),
		Middle: rapid.Int32().Draw(t, "middle"), Long: rapid.Int64().Draw(t, "long"), Real: 2.5,
		Text:  rapid.String().Draw(t, "text"),
		Bools: rapid.SliceOfN(rapid.Bool(), 0, 30).Draw(t, "bools"),
		Texts: rapid.SliceOfN(rapid.String(), 0, 30).Draw(t, "texts"),
		Map:   rapid.MapOfN(rapid.String(), rapid.Int32(), 0, 5).Draw(t, "map"),
		Empty: map[string]int32{},
	}
	for range rapid.IntRange(0, 20).Draw(t, "inner") {
		v.Inner = append(v.Inner, inner{Lists: rapid.SliceOfN(rapid.SliceOf(rapid.Int64()), 0, 3).Draw(t, "lists")})
	}
	return v
}

func TestWalkAgreesWithTheDecoder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		encoded, err := thrift.Marshal(new(thrift.CompactProtocol), drawEverything(t))
		require.NoError(t, err)
		n, err := walkThrift(append(encoded, 1, 2, 3), 8, 10_000)
		require.NoError(t, err)
		assert.Equal(t, len(encoded), n)

		cut := rapid.IntRange(0, len(encoded)-1).Draw(t, "cut")
		_, err = walkThrift(encoded[:cut], 8, 10_000)
		require.ErrorIs(t, err, errShort)
	})
}

// Whatever passes the walk, the decoder takes the same bytes for it: were it otherwise, a list could
// hide from the walk and still be allocated.
func TestWalkAndDecoderStayInStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		encoded, err := thrift.Marshal(new(thrift.CompactProtocol), drawEverything(t))
		require.NoError(t, err)
		for range rapid.IntRange(1, 4).Draw(t, "flips") {
			encoded[rapid.IntRange(0, len(encoded)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		n, err := walkThrift(encoded, 8, 10_000)
		if err != nil {
			return
		}
		reader := new(thrift.CompactProtocol).NewReaderFromBytes(encoded)
		if err := thrift.NewDecoder(reader).Decode(new(everything)); err == nil {
			assert.Equal(t, n, reader.BytesRead())
		}
		reader.ResetBytes(encoded)
		if err := thrift.NewDecoder(reader).Decode(new(struct{})); err == nil {
			assert.Equal(t, n, reader.BytesRead(), "skipping every field")
		}
	})
}

func TestWalkBounds(t *testing.T) {
	t.Parallel()
	encoded, err := thrift.Marshal(new(thrift.CompactProtocol), &everything{
		Texts: make([]string, 100), Inner: []inner{{Lists: [][]int64{{math.MaxInt64}}}},
	})
	require.NoError(t, err)
	_, err = walkThrift(encoded, 5, 103) // a hundred texts, and one number in one list in one structure
	require.NoError(t, err)
	_, err = walkThrift(encoded, 5, 102)
	require.ErrorIs(t, err, errElements)
	_, err = walkThrift(encoded, 4, 1000)
	require.ErrorIs(t, err, errDepth)
}

func TestPageHeaderBeyondTheFirstRead(t *testing.T) {
	t.Parallel()
	want := craftData(format.Plain, nil).header
	for _, size := range []int{0, usualHeader - 40, usualHeader, 10 * usualHeader, largestHeader - 100} {
		want.DataPageHeader.V.Statistics.MinValue = bytes.Repeat([]byte{'x'}, size)
		encoded, err := thrift.Marshal(new(thrift.CompactProtocol), &want)
		require.NoError(t, err)
		var got format.PageHeader
		n, err := newHeaderReader().read(bytes.NewReader(encoded), 0, int64(len(encoded)), &got)
		require.NoError(t, err)
		assert.EqualValues(t, len(encoded), n)
		assert.Equal(t, want.CompressedPageSize, got.CompressedPageSize)
		_, err = newHeaderReader().read(bytes.NewReader(encoded), 0, int64(len(encoded)-1), &got)
		require.Error(t, err)
	}
	want.DataPageHeader.V.Statistics.MinValue = make([]byte, largestHeader)
	encoded, err := thrift.Marshal(new(thrift.CompactProtocol), &want)
	require.NoError(t, err)
	_, err = newHeaderReader().read(bytes.NewReader(encoded), 0, int64(len(encoded)), new(format.PageHeader))
	require.ErrorContains(t, err, "more than 16777216 bytes")
}
