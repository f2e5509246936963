//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	duckdbdriver "github.com/duckdb/duckdb-go/v2"
)

// Error is an error of the engine without the engine's words, which quote the
// data that caused it.
type Error struct {
	// Kind is the engine's class of error, and Name what the engine calls it, such as
	// Conversion Error.
	Kind duckdbdriver.ErrorType
	Name string
	// Text is kept for the classes whose messages hold no data.
	Text string
}

// Unsaid reports that the engine said more than the error does, which may quote data.
func (e *Error) Unsaid() bool { return e.Text == "" }

func (e *Error) Error() string {
	if e.Unsaid() {
		return fmt.Sprintf("DuckDB: %s (its text is left out because it may quote data)", e.Name)
	}
	return e.Text
}

// errorName is what messages of the engine begin with.
var errorName = regexp.MustCompile(`^[A-Z][A-Za-z -]{1,30} Error\b`)

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
	cleaned := &Error{Kind: engine.Type, Name: fmt.Sprintf("error of type %d", engine.Type)}
	if name := errorName.FindString(engine.Msg); name != "" {
		cleaned.Name = name
	}
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
