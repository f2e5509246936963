// Command sample writes sample exports, hour by hour, to a folder or to a bucket.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

// run writes what the arguments ask for and reports to out.
func run(ctx context.Context, arguments []string, out io.Writer) (err error) {
	order, err := parse(arguments, out)
	if err != nil {
		return err
	}
	target, err := order.target(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()

	report := &report{out: out, target: target}
	w := order.from
	for range order.hours {
		truths, err := sample.Write(w, order.options, report)
		if err != nil {
			return fmt.Errorf("hour %s: %w", w, err)
		}
		report.truth(truths)
		w = w.Next()
	}
	report.summary(order)
	return nil
}

// order is what the arguments ask for.
type order struct {
	out, bucket string
	from        window.Window
	hours       int
	options     sample.Options
}

// parse reads the arguments; asked for help, it prints it and returns flag.ErrHelp.
func parse(arguments []string, out io.Writer) (*order, error) {
	var (
		o                        order
		from, traps, codec, when string
		splitMB                  float64
		flags                    = flag.NewFlagSet("sample", flag.ContinueOnError)
	)
	flags.SetOutput(out)
	flags.StringVar(&o.out, "out", "", "folder to write to")
	flags.StringVar(&o.bucket, "bucket", "", "bucket to write to; STORAGE_EMULATOR_HOST names an emulator's")
	flags.StringVar(&from, "from", "2026-06-12T00", "first hour, by its start in UTC")
	flags.IntVar(&o.hours, "hours", 24, "number of hours")
	flags.IntVar(&o.options.Events, "events", 5000, "ordinary events an hour")
	flags.Uint64Var(&o.options.Seed, "seed", 1, "what everything random follows from")
	flags.StringVar(&traps, "traps", "none", "all, none, or names separated by commas: "+sample.AllTraps().String())
	flags.Float64Var(&splitMB, "split-mb", 0, "split files over this size and write a manifest, 0 for one file and none")
	flags.IntVar(&o.options.BatchRows, "batch-rows", 0, "most rows in a row group, 0 for 60 MiB of them")
	flags.StringVar(&codec, "codec", string(sample.Snappy), "snappy, zstd, gzip, brotli, lz4 or none")
	flags.StringVar(&when, "run", string(sample.Live), "live, or over it: retry, late-retry")
	flags.StringVar(&o.options.Prefix, "prefix", sample.DefaultPrefix, "PostHog's prefix setting")
	flags.StringVar(&o.options.InsertedAt, "inserted-at", "_inserted_at", "name of that column, - for none")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if (o.out == "") == (o.bucket == "") {
		return nil, errors.New("give either --out, a folder, or --bucket")
	}
	var err error
	if o.from, err = window.Parse(from); err != nil {
		return nil, err
	}
	if o.options.Traps, err = sample.ParseTraps(traps); err != nil {
		return nil, err
	}
	o.options.Codec, o.options.Run = sample.Codec(codec), sample.Run(when)
	o.options.SplitBytes = int64(splitMB * (1 << 20))
	return &o, nil
}
