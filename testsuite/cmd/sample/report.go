package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// report passes an export on to the target and tells what it was.
type report struct {
	out    io.Writer
	target target

	objects, rows int
	written       int64
	outcomes      map[sample.Outcome]int
}

// Create makes the report a sample.Sink.
func (r *report) Create(object sample.Object) (io.WriteCloser, error) {
	to, err := r.target.create(object.Name)
	if err != nil {
		return nil, err
	}
	return &upload{WriteCloser: to, report: r, object: object, rows: r.rows}, nil
}

// Rows makes the report a sample.Sink.
func (r *report) Rows(_ sample.Object, rows []sample.Row) { r.rows += len(rows) }

func (r *report) truth(truths []sample.Truth) {
	if r.outcomes == nil {
		r.outcomes = map[sample.Outcome]int{}
	}
	for _, truth := range truths {
		if truth.Row >= 0 {
			r.outcomes[truth.Outcome]++
		}
	}
}

func (r *report) summary(o *order) {
	fmt.Fprintf(r.out, "%d hours from %s, seed %d: %d objects, %d rows, %.1f MB\n",
		o.hours, o.from, o.options.Seed, r.objects, r.rows, float64(r.written)/1e6)
	for _, outcome := range slices.Sorted(maps.Keys(r.outcomes)) {
		fmt.Fprintf(r.out, "  rows of traps, %s: %d\n", outcome, r.outcomes[outcome])
	}
}

// upload is one object on its way.
type upload struct {
	io.WriteCloser

	report *report
	object sample.Object
	rows   int // of all objects before this one
	size   int64
}

func (u *upload) Write(p []byte) (int, error) {
	n, err := u.WriteCloser.Write(p)
	u.size += int64(n)
	return n, err
}

func (u *upload) Close() error {
	if err := u.WriteCloser.Close(); err != nil {
		return err
	}
	note := ""
	if u.object.Orphan {
		note = "  (orphan)"
	}
	fmt.Fprintf(u.report.out, "%s  %d rows  %d bytes%s\n", u.object.Name, u.report.rows-u.rows, u.size, note)
	u.report.objects++
	u.report.written += u.size
	return nil
}
