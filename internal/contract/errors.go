package contract

// The types of the errors that activities and workflows fail with. On-call reads
// them in the Temporal UI, retry policies and workflows tell them apart by them,
// and the runbook has a section on each.
const (
	// ErrInvalidInput: what a person typed makes no sense.
	ErrInvalidInput = "InvalidInput"
	// ErrExportNotReady: the export is not complete yet; retried until the deadline.
	ErrExportNotReady = "ExportNotReady"
	// ErrExportMissing: there was no object by the deadline.
	ErrExportMissing = "ExportMissing"
	// ErrExportUnsettled: there are objects, but they did not settle by the deadline.
	ErrExportUnsettled = "ExportUnsettled"
	// ErrObjectGone: a pinned generation was overwritten or deleted. The workflow
	// looks again.
	ErrObjectGone = "ObjectGone"
	// ErrObjectCorrupt: an object is no readable Parquet file.
	ErrObjectCorrupt = "ObjectCorrupt"
	// ErrObjectUnsupported: an object is Parquet of a kind that is refused by name.
	ErrObjectUnsupported = "ObjectUnsupported"
	// ErrColumnMissing: an object lacks a column that rows cannot do without.
	ErrColumnMissing = "ColumnMissing"
	// ErrTooManyRejects: more rows than allowed cannot be trusted.
	ErrTooManyRejects = "TooManyRejects"
	// ErrStagedMissing: staged files are gone. The workflow stages again.
	ErrStagedMissing = "StagedMissing"
	// ErrWindowUnmerged: a window may not be replaced before its last load is
	// merged. The workflow merges it; the error's details are that ledger.Load.
	ErrWindowUnmerged = "WindowUnmerged"
	// ErrStale: raw_tracks is older than freshness.error.
	ErrStale = "Stale"
	// ErrKeysMissing: tracks has rows and tracks_keys has none.
	ErrKeysMissing = "KeysMissing"
	// ErrLawBroken: a write would have broken a law and was rolled back.
	ErrLawBroken = "LawBroken"
	// ErrHoursFailed: a reload is done, and hours of it failed. The error's details are
	// its result, and its text ends with the input that loads them again.
	ErrHoursFailed = "HoursFailed"
	// ErrDaysFailed: a backfill is done, and days of it failed. The error's details are
	// its result, and its text ends with the input that tries them again.
	ErrDaysFailed = "DaysFailed"
	// ErrSourceMoved: somebody wrote to backfill_tracks during a backfill.
	ErrSourceMoved = "SourceMoved"
	// ErrBucketDenied: the bucket does not exist or may not be read.
	ErrBucketDenied = "BucketDenied"
	// ErrWarehouseHeld: another process has the warehouse file open; retried.
	ErrWarehouseHeld = "WarehouseHeld"
	// ErrWarehouseRefused: the warehouse refuses a statement and will refuse it again.
	ErrWarehouseRefused = "WarehouseRefused"
)
