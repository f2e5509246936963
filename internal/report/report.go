// Package report makes one HTML page that shows how the pipeline has done: it holds
// all it needs, so it can be mailed, archived, and read without a network.
package report

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Tables are what the report is made of: any warehouse.
type Tables interface {
	overview.Tables
	// Newest is the largest bq_ingested_timestamp of raw_tracks; ok is false when the
	// table is empty.
	Newest(ctx context.Context) (newest time.Time, ok bool, err error)
}

// Options say what the report is about.
type Options struct {
	// Table is the consumer table, for example "posthog.tracks".
	Table string
	// Days is how many days are shown, today included.
	Days int
	// Late is how long after its end an hour may be merged and still be in time.
	Late time.Duration
	// Warn and Error are the ages at which raw_tracks is stale.
	Warn, Error time.Duration
	// UI is the address of Temporal's web UI, Namespace where the runs are. Without UI
	// there are no links.
	UI, Namespace string
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": count, "bytes": bytesText, "age": ageText, "stamp": stamp,
}).Parse(pageText))

// Page is a report, ready to be written.
type Page struct {
	Options

	At time.Time
	// Newest is the newest stamp of raw_tracks, zero when there is none.
	Newest time.Time
	Age    time.Duration
	Fresh  string
	Days   []Day
	// States are those that occur, with how many hours have them.
	States []StateCount
	// Trouble are the hours that need somebody, newest first. Only the first of many
	// are listed; More is how many are not.
	Trouble []Cell
	More    int
	Charts  []Chart
	Total   Sum
	// Tests are the newest results of the data tests, Links where their runs are.
	Tests []Test
	Costs []Cost
}

// Make looks into the tables and makes a report as of now.
func Make(ctx context.Context, tables Tables, now time.Time, options Options) (*Page, error) {
	now = now.UTC()
	page := &Page{Options: options, At: now}
	first, err := window.Starting(now.Truncate(24*time.Hour).AddDate(0, 0, 1-options.Days))
	if err != nil {
		return nil, fmt.Errorf("find the report's first hour: %w", err)
	}
	loads, err := overview.Loads(ctx, tables, first.Start())
	if err != nil {
		return nil, err
	}
	newest, ok, err := tables.Newest(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the newest stamp: %w", err)
	}
	if ok {
		page.Newest, page.Age = newest, now.Sub(newest)
		page.Fresh = page.freshness()
	}
	tests, err := overview.Tests(ctx, tables, first.Start())
	if err != nil {
		return nil, err
	}
	judge := overview.Judge{Now: now, Late: options.Late}
	page.show(judge.Hours(first, window.Before(now).Next(), loads))
	page.showTests(tests)
	page.showCosts()
	return page, nil
}

func (p *Page) freshness() string {
	switch {
	case p.Age > p.Error:
		return "error"
	case p.Age > p.Warn:
		return "warn"
	default:
		return "pass"
	}
}

// Write writes the page.
func (p *Page) Write(to io.Writer) error {
	if err := pageTemplate.Execute(to, p); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// link is where a run is shown in Temporal's UI, "" without an address.
func (p *Page) link(workflowID, runID string) string {
	if p.UI == "" || workflowID == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s/%s/history", p.UI,
		url.PathEscape(p.Namespace), url.PathEscape(workflowID), url.PathEscape(runID))
}
