package contract

import "time"

// DrainInput asks for what earlier writers left at work to be waited for.
type DrainInput struct{}

// DrainResult says what was waited for.
type DrainResult struct {
	// Jobs are the ids of the warehouse's jobs.
	Jobs []string `json:"jobs,omitempty"`
}

// FindWriterInput asks who holds the writer lock. The result is a Writer.
type FindWriterInput struct {
	// WorkflowID is the lock.
	WorkflowID string `json:"workflowId"`
}

// Writer is the run that holds the writer lock.
type Writer struct {
	Running bool   `json:"running"`
	RunID   string `json:"runId,omitempty"`
	// What is being written, in words.
	What string `json:"what,omitempty"`
	// Since is when it took the lock.
	Since time.Time `json:"since,omitzero"`
	// For is the workflow id of the run that asked for the write, and ForRun its run id.
	For    string `json:"for,omitempty"`
	ForRun string `json:"forRun,omitempty"`
}
