// Package sample makes exports as PostHog's batch export writes them to a bucket,
// without PostHog: Parquet objects of lifelike events for every SDK, with the
// traps that real exports hold, and the truth of what a loader must make of them.
//
// Everything is invented: addresses are from the ranges reserved for
// documentation, mail from example.com. Everything follows from seed, window and
// options; windows share nothing, so any of them can be made again on its own.
package sample

import (
	"bytes"
	"io"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Hour is the export of one window, in memory.
type Hour struct {
	Window window.Window
	// Objects are in the order of their upload: the manifest, if any, is last.
	Objects []File
	// Truth is one entry for each row that a trap made.
	Truth []Truth
}

// File is an object with its content.
type File struct {
	Object

	Content []byte
	// Rows are the rows in the order of the file, none for a manifest.
	Rows []Row
}

// Generate makes the export of a window. It holds all of it in memory, about
// 7 KB an event; Write streams.
func Generate(w window.Window, o Options) (*Hour, error) {
	hour := &Hour{Window: w}
	truths, err := Write(w, o, hour)
	if err != nil {
		return nil, err
	}
	hour.Truth = truths
	return hour, nil
}

// Events returns the rows that are part of the export, object by object: what a
// loader must account for.
func (h *Hour) Events() []Row {
	var rows []Row
	for i := range h.Objects {
		if !h.Objects[i].Orphan {
			rows = append(rows, h.Objects[i].Rows...)
		}
	}
	return rows
}

// Create makes an Hour a Sink.
func (h *Hour) Create(object Object) (io.WriteCloser, error) {
	h.Objects = append(h.Objects, File{Object: object})
	return &content{hour: h, index: len(h.Objects) - 1}, nil
}

// Rows makes an Hour a Sink.
func (h *Hour) Rows(_ Object, rows []Row) {
	file := &h.Objects[len(h.Objects)-1]
	file.Rows = append(file.Rows, rows...)
}

// content is an object that is being written to an Hour.
type content struct {
	bytes.Buffer

	hour  *Hour
	index int
}

func (c *content) Close() error {
	c.hour.Objects[c.index].Content = c.Bytes()
	return nil
}
