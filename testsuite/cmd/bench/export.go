package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

func hour() window.Window {
	w, err := window.Parse("2026-06-12T10")
	if err != nil {
		panic(err) // it is a constant
	}
	return w
}

// writeExport writes the hour once; all runs read the same file.
func (b *bench) writeExport() error {
	if err := os.MkdirAll(b.exports(), 0o750); err != nil {
		return fmt.Errorf("create directory: %w", err)
	}
	_, err := sample.Write(hour(), sample.Options{Seed: 1, Events: b.events}, folder{b.exports()})
	return err
}

// folder takes an export into a flat directory.
type folder struct{ dir string }

func (f folder) Create(object sample.Object) (io.WriteCloser, error) {
	return os.Create(filepath.Join(f.dir, filepath.Base(object.Name)))
}

func (folder) Rows(sample.Object, []sample.Row) {}
