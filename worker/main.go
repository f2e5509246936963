// Command worker runs the pipeline's workflows and activities until it is told to
// stop. It connects to Temporal by Temporal's own environment variables
// (TEMPORAL_ADDRESS and others) and reads everything else from one YAML file.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
	"github.com/posthog-tracks/posthog-tracks/internal/telemetry"
)

func main() {
	file := flag.String("config", "", "configuration file (default $TRACKS_CONFIG, else tracks.yaml)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *file)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string) error {
	settings, err := config.Read(file)
	if err != nil {
		return err
	}
	return serve(ctx, settings, telemetry.Logger(os.Stderr))
}
