// Command bigquery runs the stand-in for BigQuery by itself, until it is interrupted.
// Tables live in memory and end with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/posthog-tracks/posthog-tracks/testsuite/bigquerystack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bigquery:", err)
		os.Exit(1)
	}
}

// run starts the stand-in, makes the dataset, tells where it is, and stops it when
// the context ends.
func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bigquery", flag.ContinueOnError)
	var options bigquerystack.Options
	flags.StringVar(&options.Address, "listen", "127.0.0.1:9050", "where clients connect to, as `host:port`")
	flags.StringVar(&options.StorageRoot, "storage", ".", "`directory` that gs:// addresses are read from, a bucket a folder")
	flags.StringVar(&options.Venv, "venv", bigquerystack.DefaultVenv(), "virtual environment that holds bqemulator")
	flags.StringVar(&options.Log, "log", filepath.Join(os.TempDir(), "bqemulator.log"), "`file` for the emulator's log")
	dataset := flags.String("dataset", "posthog-tracks.posthog", "`project.dataset` to make")
	if err := flags.Parse(args); err != nil {
		return err
	}
	project, name, ok := strings.Cut(*dataset, ".")
	if !ok {
		return fmt.Errorf("-dataset %s: want project.dataset", *dataset)
	}
	stack, err := bigquerystack.Start(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Stop()) }()
	switch err := stack.CreateDataset(ctx, project, name); {
	case ctx.Err() != nil:
		return nil // it was told to end
	case err != nil:
		return err
	}
	fmt.Printf("BigQuery's stand-in is at %s, with dataset %s\n", stack.URL(), *dataset)
	<-ctx.Done()
	return nil
}
