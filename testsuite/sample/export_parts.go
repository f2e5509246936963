package sample

import (
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// writeOrphans writes the parts that an earlier, longer attempt left behind. They
// are the oldest objects of the folder, with the numbers after the last part that
// the manifest names.
func (e *export) writeOrphans() error {
	if !e.options.Traps.Has(OrphanPart) || e.options.Run == LateRetry {
		return nil
	}
	for i, rows := range [][]Row{e.source.staleOrphans(), e.source.ownOrphans()} {
		p, err := e.begin(Object{
			Name:    partName(e.options, e.window, len(e.named)+i),
			Updated: e.uploaded(time.Duration(i-5) * 10 * time.Second),
			Orphan:  true,
		})
		if err != nil {
			return err
		}
		if _, err := p.add(e, rows); err != nil {
			return err
		}
		if err := p.close(); err != nil {
			return err
		}
	}
	return nil
}

// writeManifest is the last thing PostHog does, and only for exports that may be split.
func (e *export) writeManifest() error {
	object := Object{
		Name:    manifestName(e.options, e.window),
		Updated: e.uploaded(time.Duration(len(e.named)) * 20 * time.Second),
	}
	to, err := e.sink.Create(object)
	if err != nil {
		return fmt.Errorf("create %s: %w", object.Name, err)
	}
	if _, err := to.Write(manifest(e.named)); err != nil {
		return fmt.Errorf("write %s: %w", object.Name, err)
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("finish %s: %w", object.Name, err)
	}
	if e.options.Traps.Has(EmptyLastPart) {
		e.truths = append(e.truths, Truth{
			Trap: EmptyLastPart, Case: "a file without rows", Window: e.window, Object: e.named[len(e.named)-1], Row: -1,
			Deliveries: []window.Window{e.window},
		})
	}
	return nil
}

// uploaded is when an object is complete: the export starts up to a quarter of an
// hour after the window's end, after a minute of rest.
func (e *export) uploaded(after time.Duration) time.Time {
	return e.window.End().Add(time.Minute + time.Duration(e.upload)*time.Second + after)
}
