// Package telemetry is how the processes tell about themselves.
package telemetry

import (
	"io"
	"log/slog"
	"os"
)

// LevelVariable names the environment variable that sets the log level: debug,
// info, warn or error.
const LevelVariable = "TRACKS_LOG_LEVEL"

// Logger writes JSON lines, one an event, for machines to collect.
func Logger(to io.Writer) *slog.Logger {
	level := new(slog.LevelVar)
	if err := level.UnmarshalText([]byte(os.Getenv(LevelVariable))); err != nil {
		level.Set(slog.LevelInfo)
	}
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level}))
}
