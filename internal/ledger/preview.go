package ledger

// Preview is what loading an hour and merging it would do, found out before anything
// is written.
type Preview struct {
	// Rows are those of the export, Merge what would become of them.
	Rows  Rows  `json:"rows"`
	Merge Merge `json:"merge"`
	// Days are the days of created_at in which tracks would change, in order. On
	// BigQuery each is a partition.
	Days []TouchedDay `json:"days"`
	// Unmerged is a load of the window that was never merged. A run would merge it
	// first, which can change the counts.
	Unmerged string `json:"unmerged,omitempty"`
	// Estimate is what a run would be billed; nil where nothing is billed.
	Estimate *Estimate `json:"estimate,omitempty"`
	// Spent is what finding this out was billed; nil where nothing is billed.
	Spent *Cost `json:"spent,omitempty"`
}

// TouchedDay is a day of tracks that would change.
type TouchedDay struct {
	// Day is a UTC day, such as 2026-06-12.
	Day      string `json:"day"`
	Inserted int64  `json:"inserted"`
	Updated  int64  `json:"updated"`
}

// Estimate is what statements would read at most, by a dry run of each. Billed are at
// least 10 MB for every table that a statement reads.
type Estimate struct {
	Bytes int64 `json:"bytes"`
	// USD is the on-demand price, 0 on reserved slots.
	USD float64 `json:"usd"`
	// Steps are the statements in the order in which they would run.
	Steps []StepEstimate `json:"steps"`
}

// StepEstimate is what one statement would read.
type StepEstimate struct {
	Step  string `json:"step"`
	Bytes int64  `json:"bytes"`
}
