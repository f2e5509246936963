package datatest

import (
	"fmt"
	"math"
	"time"
)

// verdictOf counts anomalous buckets. With nothing to compare with, mode elementary
// passes, as Elementary does, and mode robust says that it cannot tell.
func verdictOf(t Test, unit string, scores []Score) Verdict { //nolint:cyclop,funlen // one count after the other
	v := Verdict{}
	var tested, scored, small int64
	var worst, last *Score
	values := make(map[string]bool)
	for i := range scores {
		s := &scores[i]
		if !s.Tested {
			continue
		}
		tested++
		if !s.Scored {
			continue
		}
		scored++
		if s.Small {
			small++
		}
		if last == nil || s.End.After(last.End) {
			last = s
		}
		if !s.Anomalous {
			continue
		}
		v.Failures++
		values[s.Dimension] = true
		v.Sample = appendSample(v.Sample, s.name(t.Bucket))
		if worst == nil || math.Abs(s.Z) > math.Abs(worst.Z) {
			worst = s
		}
	}
	shown := last
	if worst != nil {
		shown = worst
	}
	if shown != nil {
		v.Value = new(shown.Value)
		v.Expectation = fmt.Sprintf("%.0f to %.0f %s", shown.Low, shown.High, unit)
	}
	v.Message = fmt.Sprintf("%d of %s off", v.Failures, plural(tested, "tested bucket"))
	switch {
	case worst != nil && t.Kind == DimensionAnomalies:
		v.Message += fmt.Sprintf(", of %s of %s; the worst from %s: %.0f %s instead of about %.0f",
			plural(int64(len(values)), "value"), t.Dimension, worst.start(), worst.Value, unit, worst.Expected)
	case worst != nil:
		v.Message += fmt.Sprintf("; the worst from %s: %.0f %s instead of about %.0f", worst.start(), worst.Value, unit, worst.Expected)
	case scored == 0 && t.Mode == Elementary:
		v.Message = "not enough data to tell, which passes in mode elementary"
	case scored <= tested/2:
		v.Status = NoData
		v.Message = fmt.Sprintf("insufficient data: %d of %s can be compared with at least %s of the same time of the week",
			scored, plural(tested, "tested bucket"), plural(int64(t.MinSamples), "good bucket"))
	case small == scored:
		v.Status = NoData
		v.Message = fmt.Sprintf("insufficient data: all of %s have fewer than %.0f rows", plural(tested, "tested bucket"), t.MinCount)
	case small > 0 || scored < tested:
		v.Message += fmt.Sprintf(", %d too small to judge, %d without enough history", small, tested-scored)
	}
	return v
}

func (s Score) start() string { return s.Start.Format("2006-01-02T15:04Z") }

// name is the bucket in a sample, and the value it is about, which samples in
// test_results may show and histories may not.
func (s Score) name(width Period) string {
	name := s.Start.Format("2006-01-02T15")
	if width%Day == 0 {
		name = s.Start.Format(time.DateOnly)
	}
	switch s.Dimension {
	case "":
		return name
	case nullValue:
		return name + " NULL"
	default:
		return name + " " + s.Dimension
	}
}

// Discreet is the result without what may be event data: for histories, logs and
// alerts. test_results keeps it.
func (r Result) Discreet() Result {
	if r.Kind == DimensionAnomalies || r.Kind == Custom {
		r.Sample = nil
	}
	return r
}
