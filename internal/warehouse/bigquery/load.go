package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"
)

// load is a set of Parquet files to be loaded into a staging table.
type load struct {
	task
	// uris are gs:// names of objects, at most 10,000, without wildcards.
	uris []string
	// into is the staging table. It is created when it does not exist.
	into *bq.Table
	// schema is what the table has and the files must fit. Columns of Parquet text
	// are STRING here: BigQuery does not load Parquet into JSON.
	schema bq.Schema
	// expires is how long from now the table lives.
	expires time.Duration
	// disposition says what becomes of the table's rows. WriteTruncateData keeps the
	// table's schema and its expiration, WriteTruncate need not.
	disposition bq.TableWriteDisposition
}

// load runs a load job, once for its key as long as the table lives.
func (j *jobs) load(ctx context.Context, l load) (*result, error) {
	created, err := j.ensureTable(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("prepare staging table %s: %w", l.into.TableID, err)
	}
	asks, err := l.asks(created)
	if err != nil {
		return nil, err
	}
	return j.run(ctx, work{task: l.task, asks: asks, insert: func(ctx context.Context, id bq.JobIDConfig, labels map[string]string) (*bq.Job, error) {
		source := bq.NewGCSReference(l.uris...)
		source.SourceFormat = bq.Parquet
		source.Schema = l.schema
		loader := l.into.LoaderFrom(source)
		loader.JobIDConfig = id
		loader.Labels = labels
		loader.CreateDisposition = bq.CreateNever
		loader.WriteDisposition = l.disposition
		loader.JobTimeout = j.JobTimeout
		return loader.Run(ctx)
	}})
}

// ensureTable makes the table, or gives it its full life again, and returns when it
// was made.
func (j *jobs) ensureTable(ctx context.Context, l load) (created time.Time, err error) {
	expires := time.Now().Add(l.expires)
	err = j.insist(ctx, func(ctx context.Context) error {
		return l.into.Create(ctx, &bq.TableMetadata{Schema: l.schema, ExpirationTime: expires})
	})
	if answer, ok := errors.AsType[*googleapi.Error](err); ok && answer.Code == http.StatusConflict {
		err = j.insist(ctx, func(ctx context.Context) error {
			_, err := l.into.Update(ctx, bq.TableMetadataToUpdate{ExpirationTime: expires}, "")
			return err
		})
	}
	var table *bq.TableMetadata
	if err == nil {
		err = j.insist(ctx, func(ctx context.Context) (err error) {
			table, err = l.into.Metadata(ctx, bq.WithMetadataView(bq.BasicMetadataView))
			return err
		})
	}
	switch {
	case err == nil:
		return table.CreationTime, nil
	case ctx.Err() != nil:
		return time.Time{}, ended(ctx, err)
	default:
		return time.Time{}, explain("", err)
	}
}

// asks tells one load from another. When the table was made is part of it: a table
// that expired and was made again is empty, and the job that once filled it must not
// pass for having filled this one.
func (l load) asks(created time.Time) ([]byte, error) {
	schema, err := l.schema.ToJSONFields()
	if err != nil {
		return nil, fmt.Errorf("encode the schema of %s: %w", l.into.TableID, err)
	}
	return json.Marshal([]any{"load", l.uris, tableName(l.into), string(schema), l.disposition, created.UnixMilli()})
}
