// Package codec encrypts what Temporal stores of the pipeline.
package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// encrypted is the encoding of a payload that this codec made.
const encrypted = "binary/encrypted"

// keyName is where a payload says which key it was encrypted with.
const keyName = "encryption-key-id"

// Codec encrypts payloads with AES-256-GCM: what goes into workflows and
// activities, what comes out, and the summaries that Temporal's UI shows. A payload
// names its key, so that keys can be changed while runs go on. Payloads that are
// not encrypted, such as those typed into the UI, are read as they are.
type Codec struct {
	sealer  string                 // the id of the key that encrypts
	ciphers map[string]cipher.AEAD // by key id
}

var _ converter.PayloadCodec = (*Codec)(nil)

// New reads the keys behind the references; see ReadKey. The first one
// encrypts, every one decrypts.
func New(references []string) (*Codec, error) {
	codec := &Codec{ciphers: make(map[string]cipher.AEAD)}
	for _, reference := range references {
		key, err := ReadKey(reference)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("use encryption key %s: %w", reference, err)
		}
		gcm, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("use encryption key %s: %w", reference, err)
		}
		id := keyID(key)
		if codec.sealer == "" {
			codec.sealer = id
		}
		codec.ciphers[id] = gcm
	}
	return codec, nil
}

// keyID names a key without telling it.
func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("posthog-tracks payload key "), key...))
	return hex.EncodeToString(sum[:4])
}

// Encode encrypts payloads.
func (c *Codec) Encode(payloads []*common.Payload) ([]*common.Payload, error) {
	out := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encrypt payload: %w", err)
		}
		out[i] = &common.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encrypted),
				keyName:                    []byte(c.sealer),
			},
			Data: c.ciphers[c.sealer].Seal(nil, nil, plain, []byte(c.sealer)), //nolint:gosec // NewGCMWithRandomNonce draws the nonce itself
		}
	}
	return out, nil
}

// Decode decrypts payloads, and leaves those alone that are not encrypted.
func (c *Codec) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	out := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != encrypted {
			out[i] = payload
			continue
		}
		id := string(payload.GetMetadata()[keyName])
		key, known := c.ciphers[id]
		if !known {
			return nil, fmt.Errorf("decrypt payload: it needs key %s; add the key to encryption.keys, behind the one that encrypts", id)
		}
		plain, err := key.Open(nil, nil, payload.GetData(), []byte(id))
		if err != nil {
			return nil, fmt.Errorf("decrypt payload with key %s: %w", id, err)
		}
		out[i] = &common.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, fmt.Errorf("read decrypted payload: %w", err)
		}
	}
	return out, nil
}
