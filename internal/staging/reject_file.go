package staging

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

// rejectFile is a staged rejects file being written.
type rejectFile struct {
	*parquetWriter
	source     []byte
	generation int64
}

func createRejects(path string, object export.Object) (*rejectFile, error) {
	w, err := createParquet(path, rejectSchema)
	if err != nil {
		return nil, err
	}
	return &rejectFile{parquetWriter: w, source: []byte(object.Name), generation: object.Generation}, nil
}

// add writes one rejected row, in the column order of rejectColumns.
func (f *rejectFile) add(sourceRow int64, raw *event.RawPostHogEvent, reject *event.Reject) error {
	content, err := rejectedContent(raw)
	if err != nil {
		return err
	}
	f.required(f.source)
	f.number(f.generation)
	f.number(sourceRow)
	f.required([]byte(reject.Reason))
	if reject.Detail == "" {
		f.optional(nil)
	} else {
		f.optional([]byte(reject.Detail))
	}
	f.required(content)
	return f.endRow()
}

// rejectedContent is the row as JSON, in PostHog's names. Nothing of it may be
// lost, so text that JSON cannot hold stands under its name with _base64 behind it.
func rejectedContent(raw *event.RawPostHogEvent) ([]byte, error) {
	content := make(map[string]any)
	for name, value := range map[string][]byte{
		"uuid": raw.UUID, "event": raw.Event, "distinct_id": raw.DistinctID,
		"person_id": raw.PersonID, "properties": raw.Properties,
	} {
		switch {
		case value == nil:
			content[name] = nil
		case utf8.Valid(value) && len(value) <= event.PropertiesLimit:
			content[name] = string(value)
		default: // too large counts too: escapes could make it six times as large
			content[name+"_base64"] = base64.StdEncoding.EncodeToString(value)
		}
	}
	for name, value := range map[string]event.Micros{"timestamp_us": raw.Timestamp, "_inserted_at_us": raw.InsertedAt} {
		content[name] = nil
		if value.Valid {
			content[name] = value.Value
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		return nil, fmt.Errorf("encode rejected row: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
