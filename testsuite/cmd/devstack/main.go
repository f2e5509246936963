// Command devstack runs the services that the product needs around it, on this machine alone: a Temporal server with
// its web UI and a Google Cloud Storage stand-in. It runs until it is interrupted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/posthog-tracks/posthog-tracks/testsuite/devstack"
)

type settings struct {
	stack          devstack.Options
	envFile        string
	json           bool
	untilStdinEnds bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "devstack:", err)
		os.Exit(1)
	}
}

// run starts the stack, tells where it is, and stops it when the context ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	set, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if set.untilStdinEnds {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			defer cancel()
			_, _ = io.Copy(io.Discard, stdin) // any end will do
		}()
	}
	set.stack.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	stack, err := devstack.Start(ctx, set.stack)
	if errors.Is(err, context.Canceled) {
		return nil // interrupted before it was up
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Stop()) }()
	if set.envFile != "" {
		if err := os.WriteFile(set.envFile, []byte(envLines("", stack.Endpoints)), 0o600); err != nil {
			return fmt.Errorf("write environment: %w", err)
		}
	}
	if err := announce(stdout, set.json, stack.Endpoints); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func parse(args []string, stdout io.Writer) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("devstack", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints errors
	set.stack.RegisterFlags(flags)
	flags.StringVar(&set.envFile, "env-file", "", "write the environment to this `file`, as NAME=value lines")
	flags.BoolVar(&set.json, "json", false, "print the addresses as one line of JSON")
	flags.BoolVar(&set.untilStdinEnds, "until-stdin-ends", false, "stop also when standard input ends")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return set, err
	case err != nil:
		return set, fmt.Errorf("%w, see devstack --help", err)
	case flags.NArg() > 0:
		return set, fmt.Errorf("unknown argument %q, see devstack --help", flags.Arg(0))
	default:
		return set, nil
	}
}

func announce(out io.Writer, asJSON bool, at devstack.Endpoints) error {
	if asJSON {
		return json.NewEncoder(out).Encode(at)
	}
	ui := at.UIURL
	if ui == "" {
		ui = "none"
	}
	_, err := fmt.Fprintf(out, `Temporal  %s, namespace %s
Web UI    %s
Storage   %s

In the shell that runs the worker or the starter:

%s
Stop with Ctrl-C.
`, at.TemporalAddress, at.TemporalNamespace, ui, at.StorageURL, envLines("export ", at))
	return err
}

func envLines(prefix string, at devstack.Endpoints) string {
	var lines strings.Builder
	for _, variable := range at.Env() {
		lines.WriteString(prefix + variable + "\n")
	}
	return lines.String()
}
