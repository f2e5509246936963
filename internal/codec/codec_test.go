package codec

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

func keyFile(t *testing.T, fill byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(fill), keyBytes)))
	require.NoError(t, os.WriteFile(path, []byte(key+"\n"), 0o600))
	return "file:" + path
}

func codecOf(t *testing.T, references ...string) *Codec {
	t.Helper()
	codec, err := New(references)
	require.NoError(t, err)
	return codec
}

func TestPayloadsAreEncryptedAndRead(t *testing.T) {
	t.Parallel()
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codecOf(t, keyFile(t, 'a')))
	first, err := data.ToPayload("exports of 2026-06-12")
	require.NoError(t, err)
	second, err := data.ToPayload("exports of 2026-06-12")
	require.NoError(t, err)
	assert.NotContains(t, string(first.GetData()), "2026")
	assert.NotEqual(t, first.GetData(), second.GetData(), "the same text may not look the same twice")
	var text string
	require.NoError(t, data.FromPayload(first, &text))
	assert.Equal(t, "exports of 2026-06-12", text)
}

// What a person types into the UI is not encrypted.
func TestPlainPayloadsAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codecOf(t, keyFile(t, 'a')))
	plain, err := converter.GetDefaultDataConverter().ToPayload(42)
	require.NoError(t, err)
	var n int
	require.NoError(t, data.FromPayload(plain, &n))
	assert.Equal(t, 42, n)
}

func TestKeysCanBeChanged(t *testing.T) {
	t.Parallel()
	older, newer := keyFile(t, 'a'), keyFile(t, 'b')
	payloads := []*common.Payload{{Data: []byte("x")}}
	sealed, err := codecOf(t, older).Encode(payloads)
	require.NoError(t, err)

	opened, err := codecOf(t, newer, older).Decode(sealed)
	require.NoError(t, err)
	assert.Equal(t, "x", string(opened[0].GetData()))

	_, err = codecOf(t, newer).Decode(sealed)
	require.ErrorContains(t, err, "encryption.keys")

	again, err := codecOf(t, newer, older).Encode(payloads)
	require.NoError(t, err)
	assert.NotEqual(t, sealed[0].GetMetadata()[keyName], again[0].GetMetadata()[keyName], "the first key encrypts")
}

func TestTamperedPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	codec := codecOf(t, keyFile(t, 'a'))
	sealed, err := codec.Encode([]*common.Payload{{Data: []byte("x")}})
	require.NoError(t, err)
	sealed[0].Data[len(sealed[0].GetData())-1] ^= 1
	_, err = codec.Decode(sealed)
	require.Error(t, err)
}

func TestKeysThatAreNoneAreNamed(t *testing.T) {
	t.Parallel()
	short := filepath.Join(t.TempDir(), "short")
	require.NoError(t, os.WriteFile(short, []byte("c2VjcmV0"), 0o600))
	for reference, want := range map[string]string{
		"file:" + short:            "openssl rand -base64 32",
		"file:" + short + ".none":  "no such file",
		"env:TRACKS_NO_SUCH_KEY":   "is not set",
		"c2VjcmV0c2VjcmV0c2VjcmV0": "may not be in the configuration",
		"env:":                     "may not be in the configuration",
	} {
		_, err := New([]string{reference})
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "c2VjcmV0")
	}
}
