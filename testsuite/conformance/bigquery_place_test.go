//go:build bigquery

package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"

	"github.com/posthog-tracks/posthog-tracks/activities"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/bigquery"
)

// caseLife is how long the tables of a case live when nobody drops them.
const caseLife = 6 * time.Hour

// place is where cases are run, each in a dataset of its own: a project of Google's, or
// a stand-in.
type place struct {
	// project gives the next case its project.
	project  func() string
	location string
	// endpoint is the stand-in's URL, empty for Google's.
	endpoint string
	// store is the staging bucket, prefix a folder in it.
	store  staging.Store
	prefix string
	jobs   bigquery.JobSettings
	// said is what the stand-in said of failed jobs in full; nil for Google's.
	said func(project string) []string

	cases atomic.Int64
}

// client is Google's own, for what the product has no word for.
func (p *place) client(t *testing.T, project string) *bq.Client {
	t.Helper()
	var options []option.ClientOption
	if p.endpoint != "" {
		options = append(options, option.WithEndpoint(p.endpoint+"/bigquery/v2/"), option.WithoutAuthentication())
	}
	client, err := bq.NewClient(t.Context(), project, options...)
	require.NoError(t, err)
	client.Location = p.location
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

// dataset makes a dataset for one case, which goes with it.
func (p *place) dataset(t *testing.T) *bq.Dataset {
	t.Helper()
	name := fmt.Sprintf("tracks_test_%d_%s", p.cases.Add(1), strings.ToLower(rand.Text()[:8]))
	dataset := p.client(t, p.project()).Dataset(name)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, dataset.Create(ctx, &bq.DatasetMetadata{
		Location: p.location, DefaultTableExpiration: caseLife, Labels: map[string]string{"made-by": "conformance"},
		Description: "A case of posthog-tracks' conformance suite; may be dropped at any time",
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
		defer cancel()
		assert.NoError(t, dataset.DeleteWithContents(ctx))
	})
	return dataset
}

// open makes a warehouse in a dataset of its own. change may vary the options.
func (p *place) open(t *testing.T, change ...func(*bigquery.Options)) (renamed, activities.Area) {
	t.Helper()
	dataset := p.dataset(t)
	options := p.options(dataset)
	for _, apply := range change {
		apply(&options)
	}
	w, err := bigquery.Open(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, w.Close())
		if t.Failed() && p.said != nil {
			t.Logf("what the stand-in said:\n%s", strings.Join(p.said(dataset.ProjectID), "\n"))
		}
	})
	return renamed{Warehouse: w, dataset: dataset}, staging.Bucket{
		Store: p.store, Prefix: p.prefix + dataset.DatasetID, Local: t.TempDir(),
	}
}

func (p *place) options(dataset *bq.Dataset) bigquery.Options {
	tables := warehouse.DefaultTables()
	tables.Dataset = dataset.DatasetID
	jobs := p.jobs
	jobs.Location, jobs.Pipeline = p.location, dataset.DatasetID
	return bigquery.Options{Project: dataset.ProjectID, Tables: tables, Cutover: Cutover, Endpoint: p.endpoint, Jobs: jobs}
}

// renamed lets cases say posthog.tracks whatever the dataset is called.
type renamed struct {
	*bigquery.Warehouse

	dataset *bq.Dataset
}

func (n renamed) there(text string) string {
	return strings.ReplaceAll(text, "posthog.", n.dataset.DatasetID+".")
}

func (n renamed) back(text string) string {
	return strings.ReplaceAll(text, n.dataset.DatasetID+".", "posthog.")
}

func (n renamed) Look(ctx context.Context, statement string, row func([]string) error) error {
	return n.Warehouse.Look(ctx, n.there(statement), func(values []string) error {
		for i := range values {
			values[i] = n.back(values[i])
		}
		return row(values)
	})
}

func (n renamed) Ask(ctx context.Context, q warehouse.Question) (warehouse.Answer, error) {
	return n.Warehouse.Ask(ctx, n.question(q))
}

func (n renamed) Tell(ctx context.Context, q warehouse.Question) error {
	return n.Warehouse.Tell(ctx, n.question(q))
}

func (n renamed) question(q warehouse.Question) warehouse.Question {
	q.Statement = n.there(q.Statement)
	q.Tables = maps.Clone(q.Tables)
	for placeholder, table := range q.Tables {
		q.Tables[placeholder] = n.there(table)
	}
	return q
}
