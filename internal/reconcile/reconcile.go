// Package reconcile compares what lies in the export bucket with what the ledger
// says was loaded from it. It holds no I/O: a listing and a ledger's standing go in,
// a finding comes out.
package reconcile

import (
	"fmt"
	"slices"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// State is how a window's folder and the ledger disagree.
type State string

// The states, each with what mends it.
const (
	// Absent: never loaded, and there is no object. PostHog has to export the hour.
	Absent State = "absent"
	// Unloaded: never loaded, and there are objects. A reload loads them.
	Unloaded State = "unloaded"
	// Unmerged: loaded and never merged. A reload merges it.
	Unmerged State = "unmerged"
	// Late: loaded, and an object has come since. A reload takes it in.
	Late State = "late"
	// Rewritten: loaded, and an object has other content now. A reload takes it in.
	Rewritten State = "rewritten"
	// Vanished: loaded, and an object is gone. Nothing is to be done: its rows are in
	// the tables, and a reload would take them out of raw_tracks.
	Vanished State = "vanished"
)

// Missing reports whether rows of the window are missing in tracks that could be there.
func (s State) Missing() bool { return s == Unloaded || s == Unmerged }

// Changed reports whether the window was loaded from other objects than those that
// are there now.
func (s State) Changed() bool { return s == Late || s == Rewritten }

// Finding is a window whose folder and ledger disagree.
type Finding struct {
	Window window.Window `json:"window"`
	State  State         `json:"state"`
	// Objects is how many objects are concerned, Detail names the first.
	Objects int    `json:"objects,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// Judge compares one window. ok is false when there is nothing to say about it.
func Judge(w window.Window, standing ledger.Standing, look export.Look) (finding Finding, ok bool) {
	contents := look.Contents(w)
	switch {
	case standing.Status == "" && len(contents.Parts) == 0:
		// An hour that somebody has called empty is settled until an object appears.
		return Finding{Window: w, State: Absent}, standing.Outcome != ledger.Empty
	case standing.Status == "":
		return Finding{Window: w, State: Unloaded, Objects: len(contents.Parts), Detail: first(contents.Parts)}, true
	case standing.Status == ledger.Loaded:
		return Finding{Window: w, State: Unmerged, Objects: len(standing.Objects), Detail: first(standing.Objects)}, true
	}
	return compare(w, standing, contents)
}

// compare tells what has changed since a load. What is rewritten weighs more than
// what is late, and both more than what is gone.
func compare(w window.Window, standing ledger.Standing, contents export.Contents) (Finding, bool) {
	loaded := make(map[string]export.Object, len(standing.Objects))
	for _, o := range standing.Objects {
		loaded[o.Name] = o
	}
	found := map[State][]string{}
	there := make(map[string]bool, len(contents.Parts))
	for _, o := range contents.Parts {
		there[o.Name] = true
		before, known := loaded[o.Name]
		switch {
		case known && !before.SameContent(o):
			found[Rewritten] = append(found[Rewritten], fmt.Sprintf("%s was #%d with %d bytes and crc32c %08x, is #%d with %d bytes and %08x",
				o.Name, before.Generation, before.Size, before.CRC32C, o.Generation, o.Size, o.CRC32C))
		case !known && !setAside(o, standing, contents.Manifest):
			found[Late] = append(found[Late], o.String())
		}
	}
	for _, o := range standing.Objects {
		if !there[o.Name] {
			found[Vanished] = append(found[Vanished], o.String())
		}
	}
	for _, state := range []State{Rewritten, Late, Vanished} {
		if objects := found[state]; len(objects) > 0 {
			return Finding{Window: w, State: state, Objects: len(objects), Detail: objects[0]}, true
		}
	}
	return Finding{}, false
}

// setAside reports whether the load knew of the object and left it out, because the
// manifest of then did not name it. A manifest that was written since may name it.
func setAside(o export.Object, standing ledger.Standing, manifest *export.Object) bool {
	since := manifest != nil && manifest.Created.After(standing.LoadedAt)
	return slices.Contains(standing.Ignored, o.Name) && !since
}

func first(objects []export.Object) string {
	if len(objects) == 0 {
		return ""
	}
	return objects[0].String()
}
