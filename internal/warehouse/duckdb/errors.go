//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"

	duckdbdriver "github.com/duckdb/duckdb-go/v2"
)

// Error is an error of the engine without the engine's words, which quote the
// data that caused it.
type Error struct {
	// Kind is the engine's class of error, such as Conversion or Out of Memory.
	Kind duckdbdriver.ErrorType
	// Text is kept for the classes whose messages hold no data.
	Text string
}

func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("DuckDB error of type %d (its text is left out because it may quote data)", e.Kind)
	}
	return e.Text
}

// clean keeps event data out of error texts. Errors that are not the engine's
// come back as they are.
func clean(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var engine *duckdbdriver.Error
	if !errors.As(err, &engine) {
		return err
	}
	cleaned := &Error{Kind: engine.Type}
	switch engine.Type {
	case duckdbdriver.ErrorTypeTransaction, duckdbdriver.ErrorTypeCatalog, duckdbdriver.ErrorTypeBinder,
		duckdbdriver.ErrorTypeParser, duckdbdriver.ErrorTypeSyntax, duckdbdriver.ErrorTypeIO,
		duckdbdriver.ErrorTypeOutOfMemory, duckdbdriver.ErrorTypeInterrupt, duckdbdriver.ErrorTypeConnection,
		duckdbdriver.ErrorTypePermission, duckdbdriver.ErrorTypeFatal, duckdbdriver.ErrorTypeInternal,
		duckdbdriver.ErrorTypeSettings:
		cleaned.Text = engine.Msg
	}
	return cleaned
}

// Permanent reports whether the statement will fail again on the same data.
func (e *Error) Permanent() bool {
	switch e.Kind {
	case duckdbdriver.ErrorTypeTransaction, duckdbdriver.ErrorTypeIO, duckdbdriver.ErrorTypeOutOfMemory,
		duckdbdriver.ErrorTypeInterrupt, duckdbdriver.ErrorTypeConnection, duckdbdriver.ErrorTypeFatal,
		duckdbdriver.ErrorTypeInternal:
		return false
	default:
		return true
	}
}
