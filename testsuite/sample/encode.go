package sample

import (
	"bytes"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Encode writes events as one export file, for tests that bring their own.
func Encode(w window.Window, o Options, events ...Event) ([]byte, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	file, err := newParquetFile(&content, columns(&o, w), o.Codec)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(events))
	for i, event := range events {
		rows[i].Event = event
	}
	if len(rows) > 0 {
		if _, err := file.write(rows); err != nil {
			return nil, err
		}
	}
	if err := file.close(); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}
