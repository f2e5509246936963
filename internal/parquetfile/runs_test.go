package parquetfile

import (
	"encoding/binary"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What the encoders of parquet-go write passes the checks, to the byte, and decodes to what went in.
func TestChecksPassWhatEncodersWrite(t *testing.T) {
	t.Parallel()
	t.Run("runs", rapid.MakeCheck(func(t *rapid.T) {
		width := rapid.IntRange(1, 32).Draw(t, "width")
		pool := rapid.SliceOfN(rapid.Uint32Range(0, 1<<width-1), 1, 5).Draw(t, "pool")
		values := rapid.SliceOfN(rapid.SampledFrom(pool), 1, 200).Draw(t, "values")
		signed := make([]int32, len(values))
		for i, v := range values {
			signed[i] = int32(v)
		}
		encoded, err := (&rle.Encoding{BitWidth: width}).EncodeInt32(nil, signed)
		require.NoError(t, err)
		used, err := checkRuns(encoded, width, len(values))
		require.NoError(t, err)
		assert.Equal(t, len(encoded), used)
		_, err = checkRuns(encoded[:len(encoded)-1], width, len(values))
		require.Error(t, err)
		_, err = checkRuns(encoded, width, len(values)+8)
		require.Error(t, err)
	}))
	t.Run("deltas", rapid.MakeCheck(func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 1, 400).Draw(t, "texts")
		var content []byte
		offsets := []uint32{0}
		for _, text := range texts {
			content = append(content, text...)
			offsets = append(offsets, uint32(len(content)))
		}
		encoded, err := new(delta.LengthByteArrayEncoding).EncodeByteArray(nil, content, offsets)
		require.NoError(t, err)
		used, err := checkDeltas(encoded, len(texts))
		require.NoError(t, err)
		assert.Equal(t, len(encoded)-len(content), used)
		_, err = checkDeltas(encoded, len(texts)+1)
		require.Error(t, err)

		var v values
		require.NoError(t, v.deltaLength(&budget{left: 1 << 20}, encoded, len(texts)))
		for i, text := range texts {
			assert.Equal(t, text, v.bytes(i))
		}
	}))
}

func TestPackedRunsMayBePadded(t *testing.T) {
	t.Parallel()
	run := func(groups int) []byte {
		return append(binary.AppendUvarint(nil, uint64(groups)<<1|1), make([]byte, groups)...)
	}
	used, err := checkRuns(append(run(32), 7, 7), 1, 3)
	require.NoError(t, err)
	assert.Equal(t, 33, used, "what follows the values is not decoded")
	_, err = checkRuns(run(1+paddedGroups), 1, 3)
	require.NoError(t, err)
	_, err = checkRuns(run(2+paddedGroups), 1, 3)
	require.Error(t, err)
}

// Readers do not agree on whether a run of no values has a value: what follows would be read as something else.
func TestARunRepeatsItsValue(t *testing.T) {
	t.Parallel()
	_, err := checkRuns([]byte{0, 0, 1, 0, 0, 3, 2, 128, 1}, 10, 1)
	require.ErrorContains(t, err, "a run repeats a value no times")
}

// Whatever the bytes are: a check that passes makes parquet-go decode without growing what it was given.
func TestNothingThatPassesMakesTheDecoderGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 32).Draw(t, "width")
		n := rapid.IntRange(1, 100).Draw(t, "n")
		var data []byte
		for range rapid.IntRange(1, 10).Draw(t, "runs") {
			head := rapid.OneOf(rapid.Uint64Range(0, 40), rapid.Uint64()).Draw(t, "head")
			data = binary.AppendUvarint(data, head)
			data = append(data, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "body")...)
		}
		used, err := checkRuns(data, width, n)
		if err != nil {
			return
		}
		room := make([]int32, n+padding)
		got, err := (&rle.Encoding{BitWidth: width}).DecodeInt32(room[:0], data[:used])
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(got), n)
		assert.Same(t, &room[0], &got[0], "the buffer was large enough")
	})
}
