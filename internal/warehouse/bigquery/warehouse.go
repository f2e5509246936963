package bigquery

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/option"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/sql"
)

// emulatorVariable makes the client talk to a stand-in for BigQuery, without
// credentials.
const emulatorVariable = "BIGQUERY_EMULATOR_HOST"

// stagingLife is how long staging tables live when nobody drops them.
const stagingLife = 48 * time.Hour

// Options are the settings of the warehouse.
type Options struct {
	// Project is billed for the jobs and holds the dataset.
	Project string
	Tables  warehouse.Tables
	// Cutover is the created_at from which on events are merged; what is older
	// comes from the backfill.
	Cutover time.Time
	// ReadOnly makes no tables, and Look refuses statements that are no queries.
	ReadOnly bool
	// Endpoint is the URL of a stand-in for BigQuery, which takes no credentials.
	// Empty means $BIGQUERY_EMULATOR_HOST, and BigQuery itself without that.
	Endpoint string
	// Jobs say how jobs are run.
	Jobs JobSettings
}

// Warehouse runs the pipeline's statements on BigQuery. It is safe for use by many
// goroutines and many processes.
type Warehouse struct {
	options Options
	client  *bq.Client
	jobs    *jobs
	tables  map[string]string
	scripts map[string][]sql.Step

	mu    sync.Mutex // guards what follows
	ready bool       // the tables are known to be there
}

// Open connects with application default credentials, or with none to a stand-in.
// Nothing is asked of BigQuery yet.
func Open(ctx context.Context, options Options) (*Warehouse, error) {
	w := &Warehouse{
		options: options,
		tables:  options.Tables.Placeholders(quoteIn(options.Project)),
		scripts: make(map[string][]sql.Step),
	}
	for _, task := range []string{
		"schema", "columns", "commit_window", "merge", "ledger", "cost", "standings", "backfill", "freshness",
		"overview", "explain", "explain_data", "keys_rebuild", "keys_verify", "dedup",
		"checks", "check_windows", "check_metrics", "check_event_freshness", "test_results",
	} {
		steps, err := sql.Load("bigquery", task)
		if err != nil {
			return nil, err
		}
		w.scripts[task] = steps
	}
	var credentials []option.ClientOption
	if host := cmp.Or(options.Endpoint, os.Getenv(emulatorVariable)); host != "" {
		credentials = append(credentials, option.WithEndpoint(host+"/bigquery/v2/"), option.WithoutAuthentication())
	}
	client, err := bq.NewClient(ctx, options.Project, credentials...)
	if err != nil {
		return nil, fmt.Errorf("connect to BigQuery project %s: %w", options.Project, err)
	}
	client.Location = options.Jobs.Location
	w.client, w.jobs = client, newJobs(client, options.Jobs)
	return w, nil
}

// Close drops the connections.
func (w *Warehouse) Close() error {
	if err := w.client.Close(); err != nil {
		return fmt.Errorf("close BigQuery client: %w", err)
	}
	return nil
}

// Tables are the names the warehouse uses.
func (w *Warehouse) Tables() warehouse.Tables { return w.options.Tables }

// quoteIn quotes the parts of a name as one identifier of a project.
func quoteIn(project string) func(parts ...string) string {
	return func(parts ...string) string {
		return "`" + strings.Join(append([]string{project}, parts...), ".") + "`"
	}
}
