package datatest

import (
	"errors"
	"fmt"
	"time"
)

// Mode is whose idea of an anomaly a test has.
type Mode string

// The modes. Robust is the default; Elementary decides as Elementary 0.25 does.
const (
	Robust     Mode = "robust"
	Elementary Mode = "elementary"
)

// Direction is which way a metric must go to be an anomaly.
type Direction string

// The directions.
const (
	Both  Direction = "both"
	Spike Direction = "spike"
	Drop  Direction = "drop"
)

// Seasonality is which buckets are compared with each other, in mode elementary. The
// robust mode always compares the same times of the week.
type Seasonality string

// The seasonalities.
const (
	DayOfWeek  Seasonality = "day_of_week"
	HourOfDay  Seasonality = "hour_of_day"
	HourOfWeek Seasonality = "hour_of_week"
)

// Anomaly is how anomalies are looked for. What is not given has the mode's default.
type Anomaly struct { //nolint:recvcheck // fill alone changes it
	Mode Mode `json:"mode,omitempty" yaml:"mode"`
	// Bucket is the width of what is measured, whole hours or whole days.
	Bucket Period `json:"bucket,omitempty" yaml:"bucket"`
	// Training is how far back buckets are compared with, Detection which of the
	// newest ones are tested. In mode elementary the latter is part of the former.
	Training  Period `json:"training,omitempty" yaml:"training"`
	Detection Period `json:"detection,omitempty" yaml:"detection"`
	// Delay is how long after its end a bucket is complete.
	Delay *Period `json:"delay,omitempty" yaml:"delay"`
	// Sensitivity is how many standard deviations, or their robust like, are too many.
	Sensitivity float64   `json:"sensitivity,omitempty" yaml:"sensitivity"`
	Direction   Direction `json:"direction,omitempty" yaml:"direction"`
	// Dimension is the column whose values dimension_anomalies counts, and MaxValues
	// how many of them, those with the most rows.
	Dimension string `json:"dimension,omitempty" yaml:"dimension"`
	MaxValues int64  `json:"maxValues,omitempty" yaml:"max_values"`
	// UpdateTimestamp is when a row arrived, for event_freshness_anomalies.
	UpdateTimestamp string `json:"updateTimestamp,omitempty" yaml:"update_timestamp"`

	// Mode elementary only, under Elementary's own names.
	Seasonality      Seasonality  `json:"seasonality,omitempty" yaml:"seasonality"`
	FailOnZero       bool         `json:"failOnZero,omitempty" yaml:"fail_on_zero"`
	SmallChanges     SmallChanges `json:"ignoreSmallChanges,omitzero" yaml:"ignore_small_changes"`
	ExcludeDetection bool         `json:"excludeDetection,omitempty" yaml:"exclude_detection_period_from_training"`
	MinValue         *float64     `json:"minValue,omitempty" yaml:"min_value"`

	// Mode robust only. MinCount is the size below which buckets are too small to
	// judge; MinChange the relative change below which nothing is an anomaly; MinDelay
	// the same for times, as a length.
	MinCount  float64 `json:"minCount,omitempty" yaml:"min_count"`
	MinChange float64 `json:"minChange,omitempty" yaml:"min_change"`
	MinDelay  Period  `json:"minDelay,omitempty" yaml:"min_delay"`
	// MinSamples is how many buckets of the same time of the week it takes to judge.
	MinSamples int `json:"minSamples,omitempty" yaml:"min_samples"`
	// KnownBad are times that say nothing about what is normal, and are not tested.
	KnownBad []KnownBad `json:"knownBad,omitempty" yaml:"known_bad"`
}

// SmallChanges are percentages of the average below which a change is none; 0 is
// not given.
type SmallChanges struct {
	Spike float64 `json:"spike,omitempty" yaml:"spike_failure_percent_threshold"`
	Drop  float64 `json:"drop,omitempty" yaml:"drop_failure_percent_threshold"`
}

// KnownBad is a time somebody has looked into.
type KnownBad struct {
	From   Instant `json:"from" yaml:"from"`
	To     Instant `json:"to" yaml:"to"`
	Reason string  `json:"reason" yaml:"reason"`
}

const week = 7 * Day

func (a Anomaly) given() bool { //nolint:cyclop // one line a field
	return a.Mode != "" || a.Bucket != 0 || a.Training != 0 || a.Detection != 0 || a.Delay != nil || a.Sensitivity != 0 ||
		a.Direction != "" || a.Seasonality != "" || a.FailOnZero || a.SmallChanges != (SmallChanges{}) ||
		a.ExcludeDetection || a.MinValue != nil || a.MinCount != 0 || a.MinChange != 0 || a.MinDelay != 0 ||
		a.MinSamples != 0 || len(a.KnownBad) > 0
}

// fill sets the mode's defaults. Those of mode elementary are Elementary's.
func (a *Anomaly) fill() {
	defaults := Anomaly{
		Mode: Robust, Bucket: Period(time.Hour), Training: 4 * week, Detection: 2 * Day, Sensitivity: 5, Direction: Both,
		MaxValues: 100, MinCount: 20, MinChange: 0.3, MinDelay: Period(30 * time.Minute), MinSamples: 2,
	}
	delay := Period(3 * time.Hour)
	if a.Mode == Elementary {
		defaults = Anomaly{Mode: Elementary, Bucket: Day, Training: 14 * Day, Detection: 2 * Day, Sensitivity: 3, Direction: Both, MaxValues: 1000}
		delay = 0
	}
	a.Mode = or(a.Mode, defaults.Mode)
	a.Bucket = or(a.Bucket, defaults.Bucket)
	a.Training = or(a.Training, defaults.Training)
	a.Detection = max(or(a.Detection, defaults.Detection), a.Bucket)
	a.Sensitivity = or(a.Sensitivity, defaults.Sensitivity)
	a.Direction = or(a.Direction, defaults.Direction)
	a.MaxValues = or(a.MaxValues, defaults.MaxValues)
	a.MinCount = or(a.MinCount, defaults.MinCount)
	a.MinChange = or(a.MinChange, defaults.MinChange)
	a.MinDelay = or(a.MinDelay, defaults.MinDelay)
	a.MinSamples = or(a.MinSamples, defaults.MinSamples)
	if a.Delay == nil {
		a.Delay = &delay
	}
}

func or[T comparable](given, otherwise T) T {
	var none T
	if given == none {
		return otherwise
	}
	return given
}

func (a Anomaly) validate(kind Kind) error { //nolint:cyclop // a list of rules
	switch {
	case a.Mode != Robust && a.Mode != Elementary:
		return fmt.Errorf("mode %q is neither %q nor %q", a.Mode, Robust, Elementary)
	case a.Direction != Both && a.Direction != Spike && a.Direction != Drop:
		return fmt.Errorf("direction %q is none of %q, %q and %q", a.Direction, Both, Spike, Drop)
	case a.Bucket < Period(time.Hour) || a.Bucket%Period(time.Hour) != 0 || a.Bucket > Day && a.Bucket%Day != 0:
		return errors.New("bucket must be whole hours, or whole days")
	case a.Training < a.Bucket || a.Training%Day != 0 || a.Detection%Period(time.Hour) != 0:
		return errors.New("training must be whole days and detection whole hours")
	case *a.Delay < 0 || a.Sensitivity < 0 || a.MinChange < 0 || a.MinCount < 0 || a.MinSamples < 0:
		return errors.New("delay, sensitivity, min_change, min_count and min_samples must not be negative")
	case kind == DimensionAnomalies && a.MaxValues < 1:
		return errors.New("max_values must be at least 1")
	}
	for _, bad := range a.KnownBad {
		if !bad.From.Before(bad.To.Time) || bad.Reason == "" {
			return errors.New("known_bad needs from, a later to and a reason")
		}
	}
	if a.Mode == Robust {
		return a.validateRobust()
	}
	return a.validateElementary()
}

func (a Anomaly) validateRobust() error {
	if a.Seasonality != "" || a.FailOnZero || a.SmallChanges != (SmallChanges{}) || a.ExcludeDetection || a.MinValue != nil {
		return errors.New("seasonality, fail_on_zero, ignore_small_changes, exclude_detection_period_from_training and min_value belong to mode elementary")
	}
	if week%a.Bucket != 0 {
		return errors.New("bucket must fit into a week, whose same times are compared")
	}
	return nil
}

func (a Anomaly) validateElementary() error {
	switch {
	case len(a.KnownBad) > 0:
		return errors.New("known_bad belongs to mode robust")
	case a.Seasonality == "", a.Seasonality == DayOfWeek && a.Bucket == Day,
		(a.Seasonality == HourOfDay || a.Seasonality == HourOfWeek) && a.Bucket == Period(time.Hour):
		return nil
	default:
		return fmt.Errorf("seasonality %q needs %q with buckets of 1d, or %q or %q with buckets of 1h", a.Seasonality, DayOfWeek, HourOfDay, HourOfWeek)
	}
}
