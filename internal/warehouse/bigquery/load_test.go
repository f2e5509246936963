package bigquery

import (
	"context"
	"strings"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rest "google.golang.org/api/bigquery/v2"

	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
)

func stage(runner *jobs) load {
	return load{
		task:        task{step: "load", window: "2026-06-12T10", key: "load-7"},
		uris:        []string{"gs://staging/2026-06-12T10/a.parquet", "gs://staging/2026-06-12T10/b.parquet"},
		into:        runner.client.Dataset("posthog").Table("stage_2026061210"),
		schema:      bq.Schema{{Name: "event_id", Type: bq.StringFieldType, Required: true}, {Name: "event_payload", Type: bq.StringFieldType}},
		expires:     48 * time.Hour,
		disposition: bq.WriteTruncateData,
	}
}

func TestALoadNamesItsFilesAndItsSchema(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		f.course = func(*fakeJob) ending {
			return ending{looks: 4, statistics: rest.JobStatistics{TotalSlotMs: 900, Load: &rest.JobStatistics3{OutputRows: 1234}}}
		}
		runner := f.runner(func(s *JobSettings) { s.JobTimeout = time.Hour })
		result, err := runner.load(f.Context(), stage(runner))
		require.NoError(f, err)
		assert.Equal(f, int64(1234), result.loaded())
		assert.Equal(f, ledger.Cost{SlotMillis: 900}, result.cost, "loading is free")
		assert.Zero(f, result.changes())

		require.Len(f, f.accepted, 1)
		job := f.accepted[0]
		assert.True(f, strings.HasPrefix(job.JobReference.JobId, "posthog-tracks-load-2026-06-12T10-"))
		assert.Equal(f, testLocation, job.JobReference.Location)
		assert.Equal(f, "load", job.Configuration.Labels["step"])
		assert.Equal(f, int64(3_600_000), job.Configuration.JobTimeoutMs)
		config := job.Configuration.Load
		assert.Equal(f, "PARQUET", config.SourceFormat)
		assert.Equal(f, stage(runner).uris, config.SourceUris)
		assert.Equal(f, "WRITE_TRUNCATE_DATA", config.WriteDisposition)
		assert.Equal(f, "CREATE_NEVER", config.CreateDisposition)
		require.Len(f, config.Schema.Fields, 2)
		assert.Equal(f, "event_id", config.Schema.Fields[0].Name)
		assert.Equal(f, "REQUIRED", config.Schema.Fields[0].Mode)
		assert.Equal(f, "STRING", config.Schema.Fields[1].Type)

		made := f.tables["stage_2026061210"]
		require.NotNil(f, made)
		assert.WithinDuration(f, time.Now().Add(48*time.Hour), time.UnixMilli(made.ExpirationTime), time.Minute)
	})
}

func TestALoadIsDoneOnceWhileItsTableLives(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		runner := f.runner()
		_, err := runner.load(f.Context(), stage(runner))
		require.NoError(f, err)
		time.Sleep(time.Hour)
		_, err = runner.load(f.Context(), stage(runner))
		require.NoError(f, err)
		assert.Len(f, f.ran(), 1)
		lives := time.Until(time.UnixMilli(f.tables["stage_2026061210"].ExpirationTime))
		assert.Greater(f, lives, 47*time.Hour+30*time.Minute, "its life starts anew")

		delete(f.tables, "stage_2026061210") // expired
		_, err = runner.load(f.Context(), stage(runner))
		require.NoError(f, err)
		assert.Len(f, f.ran(), 2, "the job of old has not filled the new table")
	})
}

func TestAStagingTableThatCannotBeMadeIsNamed(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		runner := f.runner()
		f.fault("createTable", 2, refuse(503, "backendError", ""))
		f.fault("createTable", 1, refuse(403, "accessDenied", "Access Denied: Dataset demo:posthog: Permission bigquery.tables.create denied"))
		_, err := runner.load(f.Context(), stage(runner))
		require.ErrorContains(f, err, "stage_2026061210")
		require.ErrorContains(f, err, "roles/bigquery.dataEditor")
		assert.Empty(f, f.ran())

		f.fault("createTable", forever, hang)
		_, err = runner.load(f.within(time.Second), stage(runner))
		require.ErrorIs(f, err, context.DeadlineExceeded)
	})
}

func TestALoadOfRowsThatDoNotFitSaysNothingOfThem(t *testing.T) {
	t.Parallel()
	play(t, func(f *fake) {
		runner := f.runner()
		f.course = func(*fakeJob) ending {
			return ending{err: &rest.ErrorProto{
				Reason: "invalid", Location: "gs://staging/2026-06-12T10/b.parquet",
				Message: "Error while reading data, error message: Could not parse 'alice@example.com' as INT64 for field visits",
			}}
		}
		_, err := runner.load(f.Context(), stage(runner))
		require.Error(f, err)
		assert.NotContains(f, err.Error(), "alice")
		require.ErrorContains(f, err, "b.parquet")
		assert.ErrorContains(f, err, "bq show -j "+f.ran()[0])
	})
}
