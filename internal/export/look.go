package export

import (
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Look is one listing of an hour's folder.
type Look struct {
	// At is the bucket's own time of the listing: ages are measured against it,
	// never against the clock of the machine that asks.
	At time.Time `json:"at"`
	// Objects are all objects under the window's prefix, sorted by name.
	Objects []Object `json:"objects"`
	// Vanished are the names that earlier looks of the same wait saw and that are
	// gone, sorted.
	Vanished []string `json:"vanished,omitempty"`
}

// After carries over what an earlier look of the same wait knew: which objects
// have been deleted since. previous may be nil.
func (l Look) After(previous *Look) Look {
	if previous == nil {
		return l
	}
	gone := make(map[string]bool)
	for _, name := range previous.Vanished {
		gone[name] = true
	}
	for _, o := range previous.Objects {
		gone[o.Name] = true
	}
	for _, o := range l.Objects {
		delete(gone, o.Name)
	}
	l.Vanished = nil
	for name := range gone {
		l.Vanished = append(l.Vanished, name)
	}
	slices.Sort(l.Vanished)
	return l
}

// equal reports whether both looks saw the same generations of the same objects.
func (l Look) equal(other Look) bool {
	return slices.EqualFunc(l.Objects, other.Objects, Object.SameContent)
}

// Contents is a folder's objects, told apart.
type Contents struct {
	// Parts are the window's data files, sorted by name.
	Parts []Object
	// Manifest is the window's manifest, nil when there is none.
	Manifest *Object
	// Ignored are names that are neither.
	Ignored []string
}

// Contents tells the window's own objects from whatever else lies in the folder.
// The ISO halves of a name decide, not the folder: the folder's hour is the end
// of the interval and so easily misread.
func (l Look) Contents(w window.Window) Contents {
	var c Contents
	for _, o := range l.Objects {
		n, ok := parseName(o.Name)
		switch {
		case !ok || !n.covers(w):
			c.Ignored = append(c.Ignored, o.Name)
		case n.manifest:
			c.Manifest = &o
		default:
			c.Parts = append(c.Parts, o)
		}
	}
	slices.SortFunc(c.Parts, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	return c
}
