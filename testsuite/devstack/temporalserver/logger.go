package temporalserver

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	"go.temporal.io/server/common/log/tag"
)

var discard = slog.New(slog.DiscardHandler)

// noise are the warnings that mean nothing here. The web UI provokes this one with every workflow that it shows.
var noise = []string{"GetHistory page size is larger than threshold"}

// logger passes the server's warnings and errors on. The server writes hundreds of lines at lower levels, and while
// it stops it reports every connection that it closes itself as an error, so both are dropped.
type logger struct {
	out      *slog.Logger
	stopping atomic.Bool
}

func (l *logger) Debug(string, ...tag.Tag) {}

func (l *logger) Info(string, ...tag.Tag) {}

func (l *logger) Warn(msg string, tags ...tag.Tag) {
	if !slices.Contains(noise, msg) {
		l.log(slog.LevelWarn, msg, tags)
	}
}

func (l *logger) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic is a panic in development builds of the server only, so here it is an error.
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// Panic must not return: the server relies on it.
func (l *logger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic("temporal server: " + msg)
}

// Fatal must not return either. It panics instead of exiting, so that a test shows who called.
func (l *logger) Fatal(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic("temporal server: " + msg)
}

func (l *logger) log(level slog.Level, msg string, tags []tag.Tag) {
	if l.stopping.Load() || !l.out.Enabled(context.Background(), level) {
		return
	}
	attrs := make([]slog.Attr, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	l.out.LogAttrs(context.Background(), level, msg, attrs...)
}
