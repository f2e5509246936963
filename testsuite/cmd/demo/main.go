// Command demo runs a day of PostHog exports through the real pipeline on this
// machine: a Temporal server with its UI, a stand-in for GCS, the worker and the
// command line as processes of their own, and every trap that exports are known
// to hold. Then it proves that the laws hold.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// The warehouses.
const (
	onDuckDB   = "duckdb"
	onBigQuery = "bigquery"
)

func main() {
	var d demo
	flag.StringVar(&d.dir, "dir", ".demo", "directory for the tables, the configuration and the logs; emptied first")
	flag.StringVar(&d.bin, "bin", "bin", "directory of the worker and starter binaries")
	flag.IntVar(&d.hours, "hours", 24, "hours to run")
	flag.StringVar(&d.warehouse, "warehouse", cmp.Or(os.Getenv("WAREHOUSE"), onDuckDB), "duckdb, or bigquery for its stand-in (default: $WAREHOUSE, else duckdb)")
	flag.IntVar(&d.options.Events, "events", 0, "ordinary events an hour (default: 5000, on bigquery 300, whose stand-in is slow)")
	flag.Uint64Var(&d.options.Seed, "seed", 1, "what everything random follows from")
	flag.IntVar(&d.uiPort, "ui-port", 0, "port of the Temporal UI, 0 for a free one")
	flag.BoolVar(&d.keep, "keep", os.Getenv("KEEP") != "", "leave everything running at the end, until Ctrl-C (default: $KEEP is set)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := d.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// demo is one run of the demo.
type demo struct {
	dir, bin  string
	warehouse string
	hours     int
	options   sample.Options
	uiPort    int
	keep      bool

	rig    *harness.Rig
	worker *harness.Worker
	days   []window.Window
	truths []sample.Truth
}

func (d *demo) run(ctx context.Context) (err error) {
	began := time.Now()
	switch d.warehouse {
	case onDuckDB:
		d.options.Events = cmp.Or(d.options.Events, 5000)
	case onBigQuery:
		d.options.Events = cmp.Or(d.options.Events, 300)
	default:
		return fmt.Errorf("there is no warehouse %q; it is duckdb or bigquery", d.warehouse)
	}
	first, err := window.Parse("2026-06-12T00")
	if err != nil {
		return err
	}
	d.days = harness.Hours(first, d.hours)
	d.options.Traps = sample.AllTraps()
	if err := d.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	working, cancel := d.untilWorkerEnds(ctx)
	defer cancel(nil)
	for _, step := range []func(context.Context) error{d.upload, d.runDay, d.judge, d.overwrite, d.prove} {
		if err := step(working); err != nil {
			return errors.Join(err, context.Cause(working))
		}
	}
	fmt.Printf("\nAll laws hold. %d hours took %v.\n", d.hours, time.Since(began).Round(time.Second))
	d.whereToLook()
	if d.keep {
		d.wait(ctx)
	}
	return nil
}

// wait lets people look around, and break things: the stack stays when its worker
// does not.
func (d *demo) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-d.worker.Ended():
		fmt.Printf("\nThe worker has ended. With the environment above, %s/worker starts another.\n", d.bin)
	}
	<-ctx.Done()
}

// untilWorkerEnds is a context that ends when the worker dies under us.
func (d *demo) untilWorkerEnds(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-d.worker.Ended():
			cancel(fmt.Errorf("the worker ended, see %s/worker.log", d.dir))
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (d *demo) whereToLook() {
	query := "SELECT client, event_name, COUNT(*) AS events FROM posthog.tracks GROUP BY ALL ORDER BY events DESC LIMIT 10"
	if d.rig.BigQuery == nil {
		fmt.Printf("\nThe tables      %s\n", d.rig.WarehouseFile)
	} else {
		fmt.Printf("\nThe tables      in the stand-in for BigQuery; a copy of them is %s\n", d.rig.WarehouseFile)
	}
	if d.rig.BigQuery == nil || d.keep {
		fmt.Printf("A query to try  TRACKS_CONFIG=%s %s/starter query '%s'\n", d.rig.Config, d.bin, query)
	}
	if d.keep {
		fmt.Printf("Temporal UI     %s\n", d.rig.Stack.UIURL)
		environment := d.rig.Stack.Env()
		if d.rig.BigQuery != nil {
			environment = append(environment, d.rig.BigQuery.Env()...)
		}
		fmt.Printf("Environment     export %s TRACKS_CONFIG=%s\n", strings.Join(environment, " "), d.rig.Config)
		fmt.Printf("The worker      process %d, which writes to %s/worker.log\n", d.worker.Pid(), d.dir)
		fmt.Println("\nEverything keeps running until Ctrl-C.")
		return
	}
	fmt.Println("Temporal UI     KEEP=1 make demo leaves it running")
}
