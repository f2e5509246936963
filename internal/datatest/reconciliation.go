package datatest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// reconciliation compares what the ledger says of each window's newest load with
// what the tables hold, exactly: no row may be unaccounted for.
type reconciliation struct{}

// Books are what the ledger and the tables say of one window.
type Books struct {
	Window window.Window
	// Known is false when raw_tracks has rows that the ledger knows nothing of.
	Known bool
	Load  ledger.Load
	// Receipts are the objects that were loaded.
	Receipts []ledger.Receipt
	// Raw, RawRejects and MergeRejects count rows of the tables.
	Raw, RawRejects, MergeRejects int64
}

func (reconciliation) question(t Test, now time.Time) (warehouse.Question, error) {
	from, to := hours(t, now)
	return warehouse.Question{
		Task: "check_windows", Step: "books",
		Bind: map[string]any{"from": from, "to": to},
	}, nil
}

func (reconciliation) judge(t Test, now time.Time, rows [][]any) (Verdict, error) {
	books, err := BooksOf(rows)
	if err != nil {
		return Verdict{}, err
	}
	return Reconcile(t, now, books, nil), nil
}

// BooksOf reads the answer to a reconciliation's question.
func BooksOf(rows [][]any) ([]Books, error) {
	all := make([]Books, 0, len(rows))
	for _, row := range rows {
		c := cellsOf(row)
		w, err := window.Starting(c.instant(0))
		if err != nil {
			return nil, err
		}
		b := Books{Window: w, Raw: c.integer(10), RawRejects: c.integer(11), MergeRejects: c.integer(12)}
		b.Known = c.text(1) != ""
		b.Load = ledger.Load{Window: w, Status: ledger.Status(c.text(1)), Rows: ledger.Rows{Read: c.integer(2), Loaded: c.integer(3), Rejected: c.integer(4)}}
		if b.Load.Status == ledger.Merged {
			b.Load.Merge = &ledger.Merge{
				Inserted: c.integer(5), Updated: c.integer(6), Unchanged: c.integer(7), Collided: c.integer(8), BeforeCutover: c.integer(9),
			}
		}
		if text := c.text(13); text != "" {
			if err := json.Unmarshal([]byte(text), &b.Receipts); err != nil {
				return nil, fmt.Errorf("read the objects of window %s in the ledger: %w", w, err)
			}
		}
		if c.err != nil {
			return nil, c.err
		}
		all = append(all, b)
	}
	return all, nil
}

// Reconcile judges the books of all windows, and what a comparison with the bucket
// found, which may be nothing.
func Reconcile(t Test, now time.Time, books []Books, findings []reconcile.Finding) Verdict {
	from, to := hours(t, now)
	v := Verdict{Expectation: "0 windows that differ"}
	if len(books) == 0 && len(findings) == 0 {
		v.Status = NoData
		v.Message = fmt.Sprintf("insufficient data: nothing was loaded from %s to %s", hourName(from), hourName(to))
		return v
	}
	windows := make([]window.Window, 0, len(books))
	differences := make(map[window.Window][]string)
	for _, b := range books {
		windows = append(windows, b.Window)
		differences[b.Window] = b.differences()
	}
	for _, f := range findings {
		if !f.State.Changed() && f.State != reconcile.Unloaded {
			continue // the books tell what is unmerged, window_gaps what is absent
		}
		if !slices.Contains(windows, f.Window) {
			windows = append(windows, f.Window)
		}
		differences[f.Window] = append(differences[f.Window], plural(int64(f.Objects), "object")+" of the export "+string(f.State))
	}
	slices.SortFunc(windows, func(a, b window.Window) int { return a.Start().Compare(b.Start()) })
	var what []string
	for _, w := range windows {
		if len(differences[w]) == 0 {
			continue
		}
		v.Failures++
		v.Sample = appendSample(v.Sample, w.String())
		if len(what) < sampled {
			what = append(what, w.String()+": "+strings.Join(differences[w], ", "))
		}
	}
	v.Value = new(float64(v.Failures))
	v.Message = fmt.Sprintf("%s from %s to %s, %d differ", plural(int64(len(windows)), "window"), hourName(from), hourName(to), v.Failures)
	if len(what) > 0 {
		v.Message += " (" + strings.Join(what, "; ") + ")"
	}
	return v
}

// differences says where the window's figures disagree.
func (b Books) differences() []string {
	if !b.Known {
		return []string{fmt.Sprintf("raw_tracks has %d rows and the ledger no load", b.Raw)}
	}
	var found []string
	differ := func(what string, want, have int64) {
		if want != have {
			found = append(found, fmt.Sprintf("%s %d, not %d", what, have, want))
		}
	}
	rows := b.Load.Rows
	var exported int64
	for _, r := range b.Receipts {
		exported += r.Read
	}
	differ("rows read by object", rows.Read, exported)
	differ("loaded and rejected rows", rows.Read, rows.Loaded+rows.Rejected)
	differ("rows in raw_tracks", rows.Loaded, b.Raw)
	differ("rows in raw_rejects", rows.Rejected, b.RawRejects)
	if b.Load.Merge == nil {
		return append(found, "loaded and never merged")
	}
	differ("rows accounted for by the merge", rows.Loaded, b.Load.Merge.Total())
	if b.MergeRejects < b.Load.Merge.Collided { // those of earlier generations stay
		differ("rows in merge_rejects", b.Load.Merge.Collided, b.MergeRejects)
	}
	return found
}

// Windows is the range of hours, from the first to before the last, whose export a
// test compares with the bucket; ok is false for tests that do not.
func (t Test) Windows(now time.Time) (from, until window.Window, ok bool) {
	if t.Kind != Reconciliation || !t.Export {
		return window.Window{}, window.Window{}, false
	}
	first, last := hours(t, now)
	return window.Before(first.Add(window.Length)), window.Before(last.Add(window.Length)), true
}
