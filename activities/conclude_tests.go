package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// ConcludeTests opens and resolves incidents by a run's results and tells people, once
// an incident and once more when it is over. Who was told is written down right after,
// so only an attempt that dies in between tells twice.
func (c *Checks) ConcludeTests(ctx context.Context, in contract.ConcludeTestsInput) (contract.ConcludeTestsResult, error) {
	life := beat(ctx, "opening and resolving incidents")
	defer life.stop()
	result, err := c.conclude(ctx, in)
	return result, typed(err)
}

func (c *Checks) conclude(ctx context.Context, in contract.ConcludeTestsInput) (contract.ConcludeTestsResult, error) {
	var done contract.ConcludeTestsResult
	for _, r := range in.Results { // of tests whose own activity could not write
		if r.Status == datatest.Error {
			if err := c.record(ctx, in.Run, r); err != nil {
				return done, err
			}
		}
	}
	open, err := c.incidents(ctx, datatest.Open())
	if err != nil {
		return done, err
	}
	changes := datatest.Incidents(in.Run.RunID, in.Results, open)
	for _, i := range append(changes.Resolve, datatest.Removed(open, c.Tests, in.Results, in.At)...) {
		if err := c.Warehouse.Tell(ctx, i.Resolving()); err != nil {
			return done, fmt.Errorf("resolve the incident of test %s: %w", i.Test, err)
		}
		done.Resolved = append(done.Resolved, i.Test)
	}
	if err := c.supersede(ctx, changes.Supersede, in.At); err != nil {
		return done, err
	}
	for _, i := range changes.Open {
		if err := c.Warehouse.Tell(ctx, i.Opening()); err != nil {
			return done, fmt.Errorf("open an incident of test %s: %w", i.Test, err)
		}
		done.Opened = append(done.Opened, i.Test)
	}
	done.Told, err = c.tell(ctx, in.At)
	return done, err
}

// supersede ends incidents that another one takes the place of, without a word.
func (c *Checks) supersede(ctx context.Context, incidents []datatest.Incident, at time.Time) error {
	for _, i := range incidents {
		for _, q := range []warehouse.Question{i.Resolving(), i.Telling(at)} {
			if err := c.Warehouse.Tell(ctx, q); err != nil {
				return fmt.Errorf("supersede the incident of test %s: %w", i.Test, err)
			}
		}
	}
	return nil
}

// tell sends what nobody was told yet, of earlier runs too.
func (c *Checks) tell(ctx context.Context, at time.Time) (told int, err error) {
	untold, err := c.incidents(ctx, datatest.Untold())
	if err != nil {
		return 0, err
	}
	for _, i := range untold {
		text := i.Text(c.next(i))
		switch {
		case text == "":
		case c.Alerts == nil:
			activity.GetLogger(ctx).Warn("alert for nobody, since no webhook is configured", "test", i.Test, "text", text)
		default:
			if err := c.Alerts.Post(ctx, text); err != nil {
				return told, err
			}
			told++
		}
		if err := c.Warehouse.Tell(ctx, i.Telling(at)); err != nil {
			return told, fmt.Errorf("write down that the incident of test %s was told: %w", i.Test, err)
		}
	}
	return told, nil
}

// next is the command to run; there is none for a test that is no longer declared.
func (c *Checks) next(i datatest.Incident) string {
	for _, t := range c.Tests {
		if t.Name == i.Test {
			return t.Next(i.Status)
		}
	}
	return ""
}

func (c *Checks) incidents(ctx context.Context, q warehouse.Question) ([]datatest.Incident, error) {
	answer, err := c.Warehouse.Ask(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the incidents: %w", err)
	}
	return datatest.IncidentsOf(answer)
}
