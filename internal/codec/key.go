package codec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
)

// keyBytes is the length of a key of AES-256.
const keyBytes = 32

// ReadKey reads the key behind a reference, file:<path> or env:<variable>: 32
// random bytes in base64, as from openssl rand -base64 32. Errors never hold any
// of it.
func ReadKey(reference string) ([]byte, error) {
	text, err := keyText(reference)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("encryption key %s is not %d bytes in base64; make one with: openssl rand -base64 %d", reference, keyBytes, keyBytes)
	}
	return key, nil
}

func keyText(reference string) (string, error) {
	kind, where, _ := strings.Cut(reference, ":")
	switch {
	case kind == "file" && where != "":
		text, err := os.ReadFile(where)
		if err != nil {
			return "", fmt.Errorf("read encryption key: %w", err)
		}
		return string(text), nil
	case kind == "env" && where != "":
		text := os.Getenv(where)
		if text == "" {
			return "", fmt.Errorf("encryption key %s: the environment variable is not set", reference)
		}
		return text, nil
	default:
		return "", errors.New("an encryption key is named by file:<path> or env:<variable>; the key itself may not be in the configuration")
	}
}
