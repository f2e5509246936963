package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

func (d *demo) start(ctx context.Context) (err error) {
	began := time.Now()
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return fmt.Errorf("find directory: %w", err)
	}
	if err := errors.Join(os.RemoveAll(d.dir), os.MkdirAll(d.dir, 0o750)); err != nil {
		return fmt.Errorf("empty directory: %w", err)
	}
	standIns := "a stand-in for GCS"
	if d.warehouse == onBigQuery {
		standIns = "stand-ins for GCS and BigQuery"
	}
	fmt.Printf("Starting Temporal, its UI and %s.\n", standIns)
	d.rig, err = harness.Start(ctx, harness.Options{
		Dir:       d.dir,
		Binaries:  harness.Binaries{Worker: filepath.Join(d.bin, "worker"), Starter: filepath.Join(d.bin, "starter")},
		Stack:     devstack.Options{UIPort: d.uiPort},
		BigQuery:  d.warehouse == onBigQuery,
		Heartbeat: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	if d.worker, err = d.rig.StartWorker(); err != nil {
		return errors.Join(err, d.rig.Stop())
	}
	fmt.Printf("Up after %v. Temporal UI: %s\n", time.Since(began).Round(100*time.Millisecond), d.rig.Stack.UIURL)
	return nil
}

func (d *demo) stop() error {
	var ended error
	select {
	case <-d.worker.Ended():
	default:
		ended = d.worker.Stop()
	}
	return errors.Join(ended, d.rig.Stop())
}

// upload puts the day's exports into the bucket, the times of June on them.
func (d *demo) upload(ctx context.Context) error {
	fmt.Printf("Writing %d hours of exports into gs://%s, %d events and every trap in each.\n", d.hours, harness.Bucket, d.options.Events)
	for _, w := range d.days {
		hour, err := d.rig.Upload(ctx, w, d.options)
		if err != nil {
			return err
		}
		d.truths = append(d.truths, hour.Truth...)
	}
	return nil
}

// runDay creates the schedule and runs the day through it, hour after hour, as
// on-call backfills a schedule in the UI.
func (d *demo) runDay(ctx context.Context) error {
	said, err := d.rig.Starter(ctx, "schedules", "apply")
	if err != nil {
		return err
	}
	fmt.Print("starter schedules apply: ", said)
	if err := d.rig.Backfill(ctx, d.days, enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL); err != nil {
		return err
	}
	printHead()
	for _, w := range d.days {
		run, err := d.rig.Await(ctx, w)
		if err != nil {
			return err
		}
		var result workflows.HourlyResult
		if err := d.rig.Temporal.GetWorkflow(ctx, harness.RunID(w), "").Get(ctx, &result); err != nil {
			return fmt.Errorf("hour %s: %w", w, err)
		}
		printHour(result, run.Took)
	}
	return nil
}

// judge checks that every trap has led where the laws say.
func (d *demo) judge(ctx context.Context) error {
	found, err := d.rig.Judge(ctx, d.truths, d.days)
	if err != nil {
		return err
	}
	for _, wrong := range found.Wrong {
		fmt.Println("NOT AS IT MUST BE:", wrong)
	}
	if len(found.Wrong) > 0 {
		return fmt.Errorf("%d traps have led elsewhere than the laws say", len(found.Wrong))
	}
	fmt.Printf("\n%d kinds of traps: all %d rows are where they must be, all %d events are what they must be.\n",
		len(sample.AllTraps()), found.Rows, found.Events)
	return nil
}

// overwrite lets PostHog write one hour again, with other rows, and loads it by hand.
func (d *demo) overwrite(ctx context.Context) error {
	again := d.options
	again.Run = sample.Retry
	w := d.days[len(d.days)/2]
	if _, err := d.rig.Upload(ctx, w, again); err != nil {
		return err
	}
	fmt.Printf("\nPostHog overwrites hour %s with other rows; starter hourly --window %s:\n", w, w)
	said, err := d.rig.Starter(ctx, "hourly", "--window", w.String())
	if err != nil {
		return err
	}
	fmt.Print(said)
	return nil
}

func (d *demo) prove(ctx context.Context) error {
	proof, err := d.rig.Prove(ctx)
	if err != nil {
		return err
	}
	fmt.Println("\nProof, from the tables:")
	broken := 0
	for _, law := range proof {
		mark := "holds "
		if !law.Holds {
			mark = "BROKEN"
			broken++
		}
		fmt.Printf("  %s  %s\n          %s\n", mark, law.Name, law.Numbers)
	}
	if broken > 0 {
		return fmt.Errorf("%d laws are broken", broken)
	}
	return nil
}
