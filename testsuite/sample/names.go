package sample

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// folder renders PostHog's prefix setting for a window. Every part of the date is
// that of the window's end, and a leading slash is dropped.
func folder(template string, w window.Window) string {
	end := w.End()
	prefix := strings.NewReplacer(
		"{date}", end.Format("2006-01-02"),
		"{year}", end.Format("2006"),
		"{month}", end.Format("01"),
		"{day}", end.Format("02"),
		"{hour}", end.Format("15"),
		"{minute}", end.Format("04"),
		"{second}", end.Format("05"),
		"{data_interval_start}", isoformat(w.Start()),
		"{data_interval_end}", isoformat(end),
		"{table}", "events",
	).Replace(template)
	prefix = strings.TrimLeft(prefix, "/")
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return prefix
}

// stem is the part of the name that all objects of a window share.
func stem(template string, w window.Window) string {
	return folder(template, w) + isoformat(w.Start()) + "-" + isoformat(w.End())
}

// fileName is the name of an export that is one file.
func fileName(o *Options, w window.Window) string {
	return stem(o.Prefix, w) + ".parquet" + o.Codec.extension()
}

// partName is the name of part n of an export that is split.
func partName(o *Options, w window.Window, n int) string {
	return fmt.Sprintf("%s-%d.parquet%s", stem(o.Prefix, w), n, o.Codec.extension())
}

func manifestName(o *Options, w window.Window) string {
	return stem(o.Prefix, w) + "_manifest.json"
}

// manifest is the body as Python's json.dumps writes it.
func manifest(names []string) []byte {
	quoted := make([]string, len(names))
	for i, name := range names {
		key, _ := json.Marshal(name) //nolint:errchkjson // a string always marshals
		quoted[i] = string(key)
	}
	return []byte(`{"files": [` + strings.Join(quoted, ", ") + `]}`)
}

// isoformat is Python's datetime.isoformat() of a time in UTC.
func isoformat(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05+00:00")
}
