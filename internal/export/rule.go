package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// State is what a look at the folder says about the export.
type State string

// The states of an export.
const (
	// Waiting: it is not complete yet and the deadline has not passed.
	Waiting State = "waiting"
	// Complete: the pinned objects are the whole export.
	Complete State = "complete"
	// Missing: there is no object at all and the deadline has passed. PostHog
	// writes none for an hour without events, so the bucket cannot tell an empty
	// hour from a late one.
	Missing State = "missing"
	// Unsettled: there are objects, the deadline has passed, and they still change
	// or do not add up to what the manifest names.
	Unsettled State = "unsettled"
)

// Rule says when an export counts as complete.
type Rule struct {
	// Quiet is how long no object may have changed, by the bucket's clock, when no
	// manifest says that the export is complete.
	Quiet time.Duration
	// MaxWait is how long after the window's end an export may take to appear, and
	// how long after the start of the wait it may take to settle.
	MaxWait time.Duration
}

// Wait is everything a judgement is made from.
type Wait struct {
	Window window.Window
	// Since is when the wait began.
	Since time.Time
	// Look is the newest listing.
	Look Look
	// Previous is the listing before it, nil on the first look.
	Previous *Look
	// Named are the keys the manifest lists, nil when there is no readable manifest.
	Named []string
}

// Verdict is the judgement on one look.
type Verdict struct {
	State State
	// Reason says in words why, for the person who watches the wait.
	Reason string
	// Export is set when State is Complete.
	Export Export
	// Confirm is true when the only thing lacking is a second, equal listing.
	Confirm bool
}

// Judge decides whether the export is complete. It is a pure function of the
// looks, so a restarted wait goes on where it was, and an hour that has been
// quiet for long passes at once.
func (r Rule) Judge(wait Wait) Verdict {
	contents := wait.Look.Contents(wait.Window)
	switch {
	case len(contents.Parts) == 0 && contents.Manifest == nil:
		return r.judgeAbsent(wait)
	case contents.Manifest != nil && len(wait.Named) > 0 && !stale(contents):
		return r.judgeManifest(wait, contents)
	default:
		return r.judgeQuiet(wait, contents)
	}
}

func (r Rule) judgeAbsent(wait Wait) Verdict {
	deadline := wait.Window.End().Add(r.MaxWait)
	if wait.Look.At.Before(deadline) {
		return Verdict{State: Waiting, Reason: "no object yet, counts as missing at " + clock(deadline)}
	}
	return Verdict{State: Missing, Reason: fmt.Sprintf("no object by %s, %v after the window's end", clock(deadline), r.MaxWait)}
}

// judgeManifest trusts the manifest: it is written once, after every data file.
func (r Rule) judgeManifest(wait Wait, c Contents) Verdict {
	present := make(map[string]Object, len(c.Parts))
	for _, o := range wait.Look.Objects {
		present[o.Name] = o
	}
	export := Export{Manifest: c.Manifest, Ignored: slices.Clone(c.Ignored), Vanished: wait.Look.Vanished}
	named := make(map[string]bool, len(wait.Named))
	var absent []string
	for _, key := range wait.Named {
		key = strings.TrimPrefix(key, "/")
		o, ok := present[key]
		switch {
		case named[key]:
		case ok:
			export.Objects = append(export.Objects, o)
		default:
			absent = append(absent, key)
		}
		named[key] = true
	}
	if len(absent) > 0 {
		return r.unlessLate(wait, fmt.Sprintf("the manifest names %d objects and %d of them are not there, first %s",
			len(named), len(absent), absent[0]))
	}
	for _, o := range c.Parts {
		if !named[o.Name] {
			export.Ignored = append(export.Ignored, o.Name)
		}
	}
	slices.SortFunc(export.Objects, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(export.Ignored)
	return Verdict{State: Complete, Export: export, Reason: fmt.Sprintf("%d objects named by the manifest", len(export.Objects))}
}

// judgeQuiet is for exports without a manifest, and for those whose manifest is
// older than a part: PostHog is then writing the hour again. Every part is taken,
// since a row too many is found by the merge and a row too few by nobody.
func (r Rule) judgeQuiet(wait Wait, c Contents) Verdict {
	newest := newestChange(c)
	idle := wait.Look.At.Sub(newest)
	switch {
	case idle < r.Quiet:
		return r.unlessLate(wait, fmt.Sprintf("%d objects, last change %v ago, quiet for %v needed",
			len(c.Parts), idle.Round(time.Second), r.Quiet))
	case len(c.Parts) == 0:
		return r.unlessLate(wait, "a manifest that lists nothing and no data file")
	case wait.Previous == nil || !wait.Previous.equal(wait.Look):
		return Verdict{
			State: Waiting, Confirm: true,
			Reason: fmt.Sprintf("%d objects, quiet since %s, one more equal listing needed", len(c.Parts), clock(newest)),
		}
	}
	return Verdict{
		State: Complete, Reason: fmt.Sprintf("%d objects, quiet since %s", len(c.Parts), clock(newest)),
		Export: Export{Objects: c.Parts, Manifest: c.Manifest, Ignored: c.Ignored, Vanished: wait.Look.Vanished},
	}
}

// unlessLate is Waiting until the deadline and Unsettled after it. The deadline
// counts from the start of the wait too, so that an old hour which PostHog is
// writing again at this moment is waited for.
func (r Rule) unlessLate(wait Wait, reason string) Verdict {
	from := wait.Window.End()
	if wait.Since.After(from) {
		from = wait.Since
	}
	if wait.Look.At.Before(from.Add(r.MaxWait)) {
		return Verdict{State: Waiting, Reason: reason}
	}
	return Verdict{State: Unsettled, Reason: reason}
}

// stale reports whether a part was written after the manifest that should have
// been written last.
func stale(c Contents) bool {
	return slices.ContainsFunc(c.Parts, func(o Object) bool { return o.Created.After(c.Manifest.Created) })
}

func newestChange(c Contents) time.Time {
	var newest time.Time
	for _, o := range c.Parts {
		if o.Updated.After(newest) {
			newest = o.Updated
		}
	}
	if c.Manifest != nil && c.Manifest.Updated.After(newest) {
		newest = c.Manifest.Updated
	}
	return newest
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
