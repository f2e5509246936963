package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// Error is an error of BigQuery without those of its words that may quote data.
//
// A statement that finds a law broken fails itself, by ERROR or RAISE, with the text
// "law: <what must hold>, but <what was found>". That is no Error but a
// *warehouse.InvariantError. Such texts come from our own statements, which put only
// counts and names of tables into them.
type Error struct {
	// JobID is empty when no job was asked for.
	JobID string
	// Reason is BigQuery's word for the kind of error, such as invalidQuery. It is
	// empty when there was no answer.
	Reason string
	// Where is the place in the SQL, as line:column, or what BigQuery names instead: a
	// quota, a file.
	Where string
	// Text is BigQuery's message, for the messages that hold no data.
	Text string
	// Mend is what a person can do about it.
	Mend string

	class    class
	tooLarge bool
}

// Unsaid reports that BigQuery said more than the error does, which may quote data.
func (e *Error) Unsaid() bool { return e.Text == "" }

// TooLarge reports that a limit on what may be read stands in the way.
func (e *Error) TooLarge() bool { return e.tooLarge }

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("BigQuery")
	if e.JobID != "" {
		b.WriteString(" job " + e.JobID)
	}
	switch {
	case e.Text != "":
		b.WriteString(": " + e.Text)
	case e.JobID != "":
		fmt.Fprintf(&b, ": (its text is left out because it may quote data; read it with \"bq show -j %s\")", e.JobID)
	default:
		b.WriteString(": (its text is left out because it may quote data)")
	}
	details := make([]string, 0, 2)
	if e.Reason != "" {
		details = append(details, "reason "+e.Reason)
	}
	if e.Where != "" {
		details = append(details, "at "+e.Where)
	}
	if len(details) > 0 {
		b.WriteString(" [" + strings.Join(details, ", ") + "]")
	}
	if e.Mend != "" {
		b.WriteString("; " + e.Mend)
	}
	return b.String()
}

// Permanent reports whether the same job would fail again.
func (e *Error) Permanent() bool { return e.class == permanent }

// passing reports whether a call may be answered otherwise when it is made again.
func passing(err error) bool {
	if answer, ok := errors.AsType[*googleapi.Error](err); ok {
		return classify(answer.Code, reasonOf(answer), answer.Message).class == again
	}
	return unanswered(err)
}

// unanswered reports whether the fault lies between BigQuery and here: no answer, or
// half of one.
func unanswered(err error) bool {
	var transport *url.Error
	var network net.Error
	var cut *json.SyntaxError
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &transport) || errors.As(err, &network) || errors.As(err, &cut)
}

// explain makes an error of a call or of a job one for people.
func explain(jobID string, err error) error {
	e := &Error{JobID: jobID}
	var status int
	var message string
	if answer, ok := errors.AsType[*googleapi.Error](err); ok {
		status, e.Reason, message = answer.Code, reasonOf(answer), answer.Message
	} else if ended, ok := errors.AsType[*bq.Error](err); ok {
		e.Reason, message, e.Where = ended.Reason, ended.Message, ended.Location
	} else if unanswered(err) {
		e.class, e.Text = again, err.Error()
		return e
	} else {
		return fmt.Errorf("ask BigQuery for job %s: %w", jobID, err)
	}
	verdict := classify(status, e.Reason, message)
	if verdict.class == broken {
		return fmt.Errorf("BigQuery job %s: %w", jobID, lawError(message))
	}
	e.class, e.tooLarge, e.Mend, e.Text = verdict.class, verdict.tooLarge, verdict.mend, harmless(message)
	if place := placeText.FindStringSubmatch(message); place != nil {
		e.Where = place[1]
	}
	return e
}

func reasonOf(answer *googleapi.Error) string {
	if len(answer.Errors) == 0 {
		return ""
	}
	return answer.Errors[0].Reason
}

var (
	// lawText is a message of our own statements. A script puts the first two words
	// before a statement's message, and its place behind.
	lawText   = regexp.MustCompile(`^(?:Query error: )?law: ((?s:.+?))(?: at \[\d+:\d+\])?$`)
	placeText = regexp.MustCompile(`at \[(\d+:\d+)\]`)
)

func lawError(message string) error {
	said := lawText.FindStringSubmatch(message)[1]
	law, found, ok := strings.Cut(said, ", but ")
	if !ok {
		found = "it does not"
	}
	return &warehouse.InvariantError{Law: law, Found: found}
}
