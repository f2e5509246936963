package staging

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/parquetfile"
)

// checkEvery is after how many rows a conversion reports progress and looks
// whether it was cancelled.
const checkEvery = 1000

// Files are local paths of one object's conversion.
type Files struct {
	// Export is the downloaded object.
	Export string
	// Events and Rejects are written.
	Events, Rejects string
}

// Convert reads the export file of object, validates every row and writes it to
// one of the two staged files. The receipt's places are left empty. progress is
// called now and then with the rows read so far.
//
// Memory does not grow with the file: a page a column is read, a row group written.
func Convert(ctx context.Context, object export.Object, files Files, progress func(rows int64)) (ledger.Receipt, error) {
	input, err := parquetfile.Open(files.Export, parquetfile.Limits{})
	if err != nil {
		return ledger.Receipt{}, err
	}
	defer func() { _ = input.Close() }()

	events, err := createEvents(files.Events, object)
	if err != nil {
		return ledger.Receipt{}, err
	}
	defer events.abandon()
	rejects, err := createRejects(files.Rejects, object)
	if err != nil {
		return ledger.Receipt{}, err
	}
	defer rejects.abandon()

	c := conversion{input: input, events: events, rejects: rejects}
	c.receipt = ledger.Receipt{Format: Format, Object: object, ExtraColumns: input.ExtraColumns(), MissingColumns: input.MissingColumns()}
	if err := c.run(ctx, progress); err != nil {
		return ledger.Receipt{}, err
	}
	return c.receipt, errors.Join(events.finish(), rejects.finish())
}

// conversion is one run over one file.
type conversion struct {
	input     *parquetfile.File
	validator event.Validator
	events    *eventFile
	rejects   *rejectFile
	receipt   ledger.Receipt
}

func (c *conversion) run(ctx context.Context, progress func(rows int64)) error {
	for {
		record, err := c.input.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.convert(record); err != nil {
			return err
		}
		if c.receipt.Read%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("convert row %d: %w", record.Row, err)
			}
			progress(c.receipt.Read)
		}
	}
}

func (c *conversion) convert(record *parquetfile.Record) error {
	raw := event.RawPostHogEvent{
		UUID: record.UUID, Event: record.Event, Properties: record.Properties,
		DistinctID: record.DistinctID, PersonID: record.PersonID,
		Timestamp: event.Micros(record.Timestamp), InsertedAt: event.Micros(record.InsertedAt),
	}
	row, reject := c.validator.Check(&raw)
	c.receipt.Count(row, reject)
	if reject != nil {
		return c.rejects.add(record.Row, &raw, reject)
	}
	return c.events.add(record.Row, row)
}
