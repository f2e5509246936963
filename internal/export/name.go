package export

import (
	"path"
	"regexp"
	"strconv"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// instant matches Python's datetime.isoformat(), and None for the open start of
// an "earliest" backfill. The separator between the halves is a bare '-', which
// also stands inside the dates, so a name is matched whole and never split.
const instant = `(None|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?)`

var (
	partName     = regexp.MustCompile(`^` + instant + `-` + instant + `(?:-(\d+))?\.parquet(?:\.[a-z0-9]+)?$`)
	manifestName = regexp.MustCompile(`^` + instant + `-` + instant + `_manifest\.json$`)
)

// name is what an object's key says about its content.
type name struct {
	start, end time.Time // start is zero for "None"
	part       int       // -1 when the export is one unsplit file
	manifest   bool
}

// parseName reads the last element of a key. ok is false for anything PostHog's
// writer would not have produced as Parquet or manifest.
func parseName(key string) (n name, ok bool) {
	base := path.Base(key)
	groups := partName.FindStringSubmatch(base)
	n.part = -1
	if groups == nil {
		groups, n.manifest = manifestName.FindStringSubmatch(base), true
	}
	if groups == nil {
		return name{}, false
	}
	var startOK, endOK bool
	n.start, startOK = parseInstant(groups[1])
	n.end, endOK = parseInstant(groups[2])
	if !startOK || !endOK || n.end.IsZero() {
		return name{}, false
	}
	if !n.manifest && groups[3] != "" {
		part, err := strconv.Atoi(groups[3])
		if err != nil {
			return name{}, false
		}
		n.part = part
	}
	return n, true
}

// covers reports whether the object is the export of exactly this window.
func (n name) covers(w window.Window) bool {
	return n.start.Equal(w.Start()) && n.end.Equal(w.End())
}

func parseInstant(text string) (time.Time, bool) {
	if text == "None" {
		return time.Time{}, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
