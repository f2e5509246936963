package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
)

// eventID is the form of every id that tables hold.
var eventID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// explained is what explain prints.
type explained struct {
	*overview.Story

	Verdict  string             `json:"verdict"`
	Payloads []overview.Payload `json:"payloads,omitempty"`
}

func (s *starter) explain() *cobra.Command {
	var asJSON, payload, everywhere bool
	cmd := &cobra.Command{
		Use:   "explain EVENT_ID",
		Short: "Tell the story of one event: every object, row, reject, load and merge that touched it",
		Long: `Tell the story of one event: every object, row, reject, load and merge that
touched it. The event's data stays out unless --payload asks for it.

Exit code 3 means that no table knows the event, or that its story breaks a law.`,
		Example: "  starter explain 0197644f-2d28-7f2c-a7a3-6bf04bd0f0c4",
		Args:    oneArgument("an event id, such as 0197644f-2d28-7f2c-a7a3-6bf04bd0f0c4"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := strings.ToLower(strings.TrimSpace(args[0]))
			if !eventID.MatchString(id) {
				return &usageError{fmt.Errorf("%q is no event id; one looks like 0197644f-2d28-7f2c-a7a3-6bf04bd0f0c4", args[0])}
			}
			return s.tell(cmd.Context(), cmd.OutOrStdout(), id, asJSON, payload, everywhere)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&payload, "payload", false, "print the event's data as it was delivered, too")
	cmd.Flags().BoolVar(&everywhere, "everywhere", false, "look at all of tracks instead of where the key points: finds duplicates, reads a whole column")
	return cmd
}

func (s *starter) tell(ctx context.Context, out io.Writer, id string, asJSON, payload, everywhere bool) error {
	settings, err := s.config()
	if err != nil {
		return err
	}
	tables, err := openTables(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { _ = tables.Close() }()
	story, err := overview.Tell(ctx, tables, id, everywhere)
	if err != nil {
		return err
	}
	verdict, broken := story.Verdict(settings.Cutover.Time)
	found := explained{Story: story, Verdict: verdict}
	if payload {
		if found.Payloads, err = overview.Payloads(ctx, tables, id); err != nil {
			return err
		}
	}
	if asJSON {
		err = printJSON(out, found)
	} else {
		printStory(out, found)
	}
	if err == nil && (broken || !story.Known()) {
		return &attentionError{fmt.Errorf("event %s: %s", id, verdict)}
	}
	return err
}

func printStory(out io.Writer, found explained) {
	fmt.Fprintf(out, "event %s\n", found.EventID)
	for _, d := range found.Deliveries {
		printSource(out, "delivered", d.Source)
		fmt.Fprintf(out, "  %s of %s, happened %s, inserted by PostHog %s, stamped %s\n",
			d.Event, d.User, stamp(d.CreatedAt), stamp(d.InsertedAt), stamp(d.IngestedAt))
	}
	for _, r := range found.Rejects {
		printSource(out, "rejected", r.Source)
		fmt.Fprintf(out, "  %s: %s\n", r.Reason, r.Detail)
	}
	for _, r := range found.Refused {
		printSource(out, "refused by tracks", r.Source)
		fmt.Fprintf(out, "  %s: %s\n", r.Reason, r.Detail)
	}
	printLoads(out, found.Loads)
	for i := range found.Tests {
		t := &found.Tests[i]
		fmt.Fprintf(out, "\nnamed by test %s (%s) at %s: %s\n", t.Test, t.Status, stamp(t.CheckedAt), t.Message)
	}
	for _, k := range found.Key {
		fmt.Fprintf(out, "\nin tracks_keys: bucket %d, created %s, newest delivery inserted %s, stamped %s\n",
			k.Bucket, stamp(k.CreatedAt), stamp(k.InsertedAt), stamp(k.IngestedAt))
	}
	for _, r := range found.Rows {
		fmt.Fprintf(out, "\nin tracks: %s of %s, created %s, inserted by PostHog %s, stamped %s\n",
			r.Event, r.User, stamp(r.CreatedAt), stamp(r.InsertedAt), stamp(r.IngestedAt))
	}
	for _, p := range found.Payloads {
		fmt.Fprintf(out, "\npayload of %s, row %d\n%s\n", p.Object, p.Row, p.Payload)
	}
	fmt.Fprintf(out, "\n%s.\n", found.Verdict)
}

func printSource(out io.Writer, what string, source overview.Source) {
	fmt.Fprintf(out, "\n%s in hour %s: %s#%d, row %d\n", what, source.Window, source.Object, source.Generation, source.Row)
}

func printLoads(out io.Writer, loads []overview.Load) {
	if len(loads) == 0 {
		return
	}
	fmt.Fprintln(out, "\nwhat was booked for these hours:")
	table := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	for i := range loads {
		l := &loads[i]
		fmt.Fprintf(table, "  %s\t%s %s\tbooked %s\tmerged %s\tworkflow %s\trun %s\n",
			l.Window, l.Status, l.Reason, stamp(l.RecordedAt), stamp(l.MergedAt), l.Run.WorkflowID, l.Run.RunID)
	}
	_ = table.Flush()
}

// stamp is an instant in UTC, or never.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05.999999Z")
}

// oneArgument asks for exactly one argument and says what it is.
func oneArgument(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return &usageError{fmt.Errorf("give %s", what)}
		}
		return nil
	}
}
