package ledger

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Standing is where a window stands by the ledger: its newest load, and the newest
// run that loaded nothing. The zero Standing is a window nothing is known of.
type Standing struct {
	Window window.Window
	// Status is Loaded or Merged, and empty when the window was never loaded.
	Status Status
	// LoadedAt is when the load was booked.
	LoadedAt time.Time
	// Objects are what it was loaded from, Ignored what lay beside them.
	Objects []export.Object
	Ignored []string
	// Outcome is Missing, Empty, Failed or Cancelled, and empty when every run of
	// the window loaded something.
	Outcome Status
}

// Standings collects the standings of windows from rows of the ledger.
type Standings struct{ all []Standing }

// All are the standings so far, in the order of the windows.
func (s *Standings) All() []Standing { return s.all }

// Add takes one row into account: the newest load of a window, or its newest run
// that loaded nothing. The rows of a window follow each other. objects and ignored
// are JSON as the ledger holds it, empty for NULL.
func (s *Standings) Add(start time.Time, status Status, recorded time.Time, objects, ignored string) error {
	w, err := window.Starting(start)
	if err != nil {
		return err
	}
	if len(s.all) == 0 || s.all[len(s.all)-1].Window != w {
		s.all = append(s.all, Standing{Window: w})
	}
	standing := &s.all[len(s.all)-1]
	if status != Loaded && status != Merged {
		standing.Outcome = status
		return nil
	}
	var receipts []Receipt
	if err := read(objects, &receipts); err != nil {
		return fmt.Errorf("read the objects of window %s in the ledger: %w", w, err)
	}
	if err := read(ignored, &standing.Ignored); err != nil {
		return fmt.Errorf("read what was ignored in window %s in the ledger: %w", w, err)
	}
	standing.Status, standing.LoadedAt = status, recorded.UTC()
	for _, receipt := range receipts {
		standing.Objects = append(standing.Objects, receipt.Object)
	}
	return nil
}

func read(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}
