package sample

import (
	"fmt"
	"time"
)

// DefaultPrefix is PostHog's prefix setting for the folders of the pipeline.
const DefaultPrefix = "posthog_batch/events/{year}-{month}-{day}/{hour}/"

// DefaultCutover is the first day that hourly merges are for; earlier events come
// from the backfill.
var DefaultCutover = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)

// Run says which run of the export is imitated. All runs of one window write to
// the same object names, so a later one overwrites an earlier one.
type Run string

const (
	// Live is the hourly run.
	Live Run = "live"
	// Retry is a second run within eight days: the same rows, but for some that
	// are gone, some that are new and some that have changed since.
	Retry Run = "retry"
	// LateRetry is a run after more than eight days. PostHog then selects by event
	// time and sets _inserted_at to it, so rows that came late are gone. It holds
	// no trap rows.
	LateRetry Run = "late-retry"
)

// Options say what to write. The zero value is an export without events.
type Options struct {
	// Seed decides everything that is random.
	Seed uint64
	// Events is the number of ordinary events; traps come on top.
	Events int
	// Traps are what else the export holds, nil for nothing.
	Traps Traps
	// Run is which run of the export this is, default Live.
	Run Run
	// Prefix is PostHog's folder template, default DefaultPrefix. Its variables are
	// taken from the END of the window.
	Prefix string
	// SplitBytes is PostHog's max_file_size_mb in bytes, compared after each row
	// group with what was written. 0 writes one file and no manifest, unless a
	// trap needs parts.
	SplitBytes int64
	// BatchRows caps a row group. 0 leaves it to PostHog's cap of 60 MiB of Arrow
	// memory, about 11,000 rows.
	BatchRows int
	// Codec compresses the pages and decides the extension, default Snappy.
	Codec Codec
	// InsertedAt is the name of the cursor's column: "_inserted_at", the default,
	// "inserted_at" as an older writer had it, or "-" for an export without it.
	InsertedAt string
	// Cutover is the first instant of merged history, default DefaultCutover.
	Cutover time.Time
}

// withDefaults fills what was left out and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	o.Run = orDefault(o.Run, Live)
	o.Prefix = orDefault(o.Prefix, DefaultPrefix)
	o.Codec = orDefault(o.Codec, Snappy)
	o.InsertedAt = orDefault(o.InsertedAt, "_inserted_at")
	if o.Cutover.IsZero() {
		o.Cutover = DefaultCutover
	}
	switch {
	case o.Events < 0 || o.BatchRows < 0 || o.SplitBytes < 0:
		return o, fmt.Errorf("events, batch rows and split bytes cannot be negative: %d, %d, %d", o.Events, o.BatchRows, o.SplitBytes)
	case o.Run != Live && o.Run != Retry && o.Run != LateRetry:
		return o, fmt.Errorf("run %q is none of %s, %s, %s", o.Run, Live, Retry, LateRetry)
	case !o.Codec.known():
		return o, fmt.Errorf("codec %q is none of those PostHog offers for Parquet", o.Codec)
	}
	return o, nil
}

func orDefault[T ~string](value, otherwise T) T {
	if value == "" {
		return otherwise
	}
	return value
}
