package overview

import (
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// State is what has become of an hour.
type State string

// The states of an hour.
const (
	// OK: merged in time.
	OK State = "ok"
	// Late: merged, but later than an hour usually is.
	Late State = "late"
	// Reloaded: merged more than once.
	Reloaded State = "reloaded"
	// Empty: an hour without events.
	Empty State = "empty"
	// Unmerged: in raw_tracks and not in tracks.
	Unmerged State = "unmerged"
	// Missing: there was no export by the deadline.
	Missing State = "missing"
	// Failed: its run failed or was cancelled before anything was replaced.
	Failed State = "failed"
	// Unknown: nothing was ever booked for it.
	Unknown State = "unknown"
	// Due: nothing is booked yet, and need not be.
	Due State = "due"
)

// Hour is an hour and all that was booked for it.
type Hour struct {
	Window window.Window `json:"window"`
	State  State         `json:"state"`
	// Loads are oldest first.
	Loads []Load `json:"loads,omitempty"`
}

// Newest is what was booked last, nil for an hour of which nothing is known.
func (h *Hour) Newest() *Load {
	if len(h.Loads) == 0 {
		return nil
	}
	return &h.Loads[len(h.Loads)-1]
}

// Standing is the load whose rows raw_tracks holds, nil when there is none.
func (h *Hour) Standing() *Load {
	for i := len(h.Loads) - 1; i >= 0; i-- {
		if l := &h.Loads[i]; l.Status == ledger.Merged || l.Status == ledger.Loaded {
			return l
		}
	}
	return nil
}

// Judge says how hours are judged.
type Judge struct {
	// Now is when.
	Now time.Time
	// Late is how long after an hour's end its merge counts as late.
	Late time.Duration
}

// Hours are the hours of [from, to), each with what was booked for it. Loads of
// other hours are left out.
func (j Judge) Hours(from, to window.Window, loads []Load) []Hour {
	booked := make(map[window.Window][]Load)
	for i := range loads {
		booked[loads[i].Window] = append(booked[loads[i].Window], loads[i])
	}
	var hours []Hour
	for w := from; w.Start().Before(to.Start()); w = w.Next() {
		h := Hour{Window: w, Loads: booked[w]}
		h.State = j.state(&h)
		hours = append(hours, h)
	}
	return hours
}

// state judges an hour. What was loaded stands, whatever later runs failed at.
func (j Judge) state(h *Hour) State {
	standing := h.Standing()
	newest := h.Newest()
	switch {
	case newest == nil && j.Now.Before(h.Window.End().Add(j.Late)):
		return Due
	case newest == nil:
		return Unknown
	case standing != nil && standing.Status == ledger.Loaded:
		return Unmerged
	case standing != nil && h.merges() > 1:
		return Reloaded
	case standing != nil && standing.Lag() > j.Late:
		return Late
	case standing != nil:
		return OK
	}
	switch newest.Status {
	case ledger.Empty:
		return Empty
	case ledger.Missing:
		return Missing
	default:
		return Failed
	}
}

func (h *Hour) merges() int {
	n := 0
	for i := range h.Loads {
		if h.Loads[i].Status == ledger.Merged {
			n++
		}
	}
	return n
}
