package export

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ManifestLimit bounds how much of a manifest is read, in bytes. A manifest holds
// one key a part; this is room for about 50,000.
const ManifestLimit = 8 << 20

// ManifestError says that an object with a manifest's name does not hold one.
type ManifestError struct {
	Object Object
	Err    error
}

func (e *ManifestError) Error() string {
	return fmt.Sprintf("read manifest %s: %v", e.Object, e.Err)
}

func (e *ManifestError) Unwrap() error { return e.Err }

// ParseManifest returns the full keys listed by a manifest's content,
// {"files": ["<key>", ...]}.
func ParseManifest(object Object, content []byte) ([]string, error) {
	var body struct {
		Files []string `json:"files"`
	}
	if err := json.Unmarshal(content, &body); err != nil {
		return nil, &ManifestError{Object: object, Err: err}
	}
	if body.Files == nil {
		return nil, &ManifestError{Object: object, Err: errors.New(`no "files" list in it`)}
	}
	return body.Files, nil
}
