package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/config"
)

// finding is what one check found.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	// Found is what is there, or what went wrong.
	Found string `json:"found"`
	// Mend is what to do about it.
	Mend string `json:"mend,omitempty"`
}

// check looks at one thing. mend is what to do when it fails.
type check struct {
	name string
	look func(ctx context.Context) (found string, err error)
	mend string
}

// perCheck is how long a check may take.
const perCheck = 40 * time.Second

func (s *starter) doctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Print the configuration in effect and check everything it leads to",
		Long: `Print the configuration in effect, without secrets, and check everything that it
leads to: Temporal, its namespace and workers, the bucket, the warehouse and its
tables, the staging folder, and the versions of all of them. Nothing is changed.

Exit code 3 means that a check failed; beside it stands how to mend it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := s.config()
			if err != nil {
				return err
			}
			return s.examine(cmd.Context(), cmd.OutOrStdout(), settings, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *starter) examine(ctx context.Context, out io.Writer, settings config.Config, asJSON bool) error {
	effective, err := yaml.Marshal(settings)
	if err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	if !asJSON {
		fmt.Fprintf(out, "The configuration in effect:\n\n%s\n", indent(string(effective)))
	}
	var findings []finding
	failed := 0
	for _, c := range s.checks(ctx, settings) {
		f := c.run(ctx)
		if !f.OK {
			failed++
		}
		findings = append(findings, f)
		if !asJSON {
			printFinding(out, f)
		}
	}
	if asJSON {
		text, err := yaml.YAMLToJSON(effective)
		if err != nil {
			return fmt.Errorf("print configuration: %w", err)
		}
		if err := printJSON(out, map[string]any{"configuration": json.RawMessage(text), "findings": findings}); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &attentionError{fmt.Errorf("%d of %d checks failed", failed, len(findings))}
	}
	return nil
}

func (c check) run(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, perCheck)
	defer cancel()
	found, err := c.look(ctx)
	if err != nil {
		return finding{Check: c.name, Found: err.Error(), Mend: c.mend}
	}
	return finding{Check: c.name, OK: true, Found: found}
}

func printFinding(out io.Writer, f finding) {
	mark := "ok    "
	if !f.OK {
		mark = "FAILED"
	}
	fmt.Fprintf(out, "%s  %-14s %s\n", mark, f.Check, f.Found)
	if f.Mend != "" {
		fmt.Fprintf(out, "%24s%s\n", "", f.Mend)
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// checks are all checks for a configuration, in the order a run needs them.
func (s *starter) checks(ctx context.Context, settings config.Config) []check {
	checks := []check{{name: "starter", look: func(context.Context) (string, error) { return versions(), nil }}}
	checks = append(checks, s.temporalChecks(settings)...)
	checks = append(checks, bigQueryChecks(ctx, settings)...)
	return append(checks,
		check{
			name: "bucket", look: func(ctx context.Context) (string, error) { return listBucket(ctx, settings) },
			mend: "check `bucket` and `prefix`; give whoever runs this roles/storage.objectViewer on the bucket",
		},
		check{
			name: "staging", look: func(context.Context) (string, error) { return tryStaging(settings.Load.Staging) },
			mend: "set `load.staging` to a local folder that the worker may write to, with room for two of the largest hours",
		},
		check{
			name: "warehouse", look: func(ctx context.Context) (string, error) { return askWarehouse(ctx, settings) },
			mend: "check `warehouse`; the worker makes the file at its first run, and whoever has it open must close it",
		},
		check{
			name: "tables", look: func(ctx context.Context) (string, error) { return countTables(ctx, settings) },
			mend: "start the worker once: it creates the tables, and says what it may not",
		},
	)
}

// tryStaging checks that files can be written where objects are staged.
func tryStaging(folder string) (string, error) {
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		return folder + " will be made by the worker", nil
	}
	file, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return "", fmt.Errorf("write to %s: %w", folder, err)
	}
	_ = file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return "", fmt.Errorf("remove from %s: %w", folder, err)
	}
	return folder + " can be written to", nil
}
