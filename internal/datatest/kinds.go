package datatest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// The kinds. The first six mean what they mean in dbt; the anomalies have a mode
// that means what it means in Elementary.
const (
	Unique         Kind = "unique"
	NotNull        Kind = "not_null"
	AcceptedValues Kind = "accepted_values"
	Relationships  Kind = "relationships"
	Freshness      Kind = "freshness"
	Custom         Kind = "sql"

	UniqueByKeys   Kind = "unique_by_keys"
	KeysDrift      Kind = "keys_drift"
	Collisions     Kind = "collisions"
	WindowGaps     Kind = "window_gaps"
	Reconciliation Kind = "reconciliation"

	VolumeAnomalies         Kind = "volume_anomalies"
	DimensionAnomalies      Kind = "dimension_anomalies"
	FreshnessAnomalies      Kind = "freshness_anomalies"
	EventFreshnessAnomalies Kind = "event_freshness_anomalies"
)

// Kinds are the names of all kinds, sorted.
func Kinds() []Kind { return slices.Sorted(maps.Keys(kinds)) }

// kind says what a kind of test takes and needs.
type kind struct {
	check check
	// table is the only table the kind is about, if it is about one.
	table string
	// needs are the fields that must be given, takes those that may be.
	needs, takes []string
	// defaults are what holds for fields that are not given.
	defaults Test
}

var kinds map[Kind]kind

func init() { //nolint:gochecknoinits // kinds and their checks refer to each other
	rows := func(step string) check { return failingRows{step: step} }
	part, filtered, ranged := []string{"where", "events", "range"}, []string{"where", "events", "anomaly"}, []string{"range"}
	keyed := Test{Key: "event_id"}
	ledgered := Test{Timestamp: "window_start", Lag: Period(3 * time.Hour), Last: 7 * Day}
	kinds = map[Kind]kind{
		Unique:         {check: rows("unique"), needs: []string{"table", "column"}, takes: part, defaults: keyed},
		NotNull:        {check: rows("not_null"), needs: []string{"table", "column"}, takes: part, defaults: keyed},
		AcceptedValues: {check: rows("accepted_values"), needs: []string{"table", "column", "values"}, takes: part, defaults: keyed},
		Relationships:  {check: rows("relationships"), needs: []string{"table", "column", "to"}, takes: part, defaults: keyed},
		Freshness:      {check: freshness{}, needs: []string{"table", "column"}, takes: append([]string{"warn_after", "error_after"}, part...)},
		Custom:         {check: rows("custom"), needs: []string{"sql"}, takes: []string{"table"}, defaults: keyed},

		UniqueByKeys:   {check: rows("unique"), table: "tracks_keys", takes: part, defaults: Test{Column: "event_id", Key: "event_id"}},
		KeysDrift:      {check: rows("keys_drift"), table: "tracks", takes: ranged, defaults: Test{Timestamp: "created_at"}},
		Collisions:     {check: rows("collisions"), table: "merge_rejects", takes: part, defaults: Test{Timestamp: "window_start", Last: 7 * Day}},
		WindowGaps:     {check: windowGaps{}, table: "window_ledger", takes: ranged, defaults: ledgered},
		Reconciliation: {check: reconciliation{}, table: "window_ledger", takes: append([]string{"export"}, ranged...), defaults: ledgered},

		VolumeAnomalies:         {check: volume{}, needs: []string{"table", "timestamp"}, takes: filtered},
		DimensionAnomalies:      {check: dimension{}, needs: []string{"table", "timestamp", "dimension"}, takes: filtered},
		FreshnessAnomalies:      {check: freshnessAnomaly{}, needs: []string{"table", "timestamp"}, takes: filtered},
		EventFreshnessAnomalies: {check: eventFreshness{}, needs: []string{"table", "timestamp", "update_timestamp"}, takes: filtered},
	}
}

// fill gives the test what its kind takes for granted.
func (k kind) fill(t *Test) {
	if t.Table == "" {
		t.Table = k.table
	}
	if t.Column == "" {
		t.Column = k.defaults.Column
	}
	if t.Key == "" {
		t.Key = k.defaults.Key
	}
	if t.Timestamp == "" && (k.table != "" || t.Since != nil || t.Last != 0) {
		t.Timestamp = k.defaults.Timestamp
	}
	if t.Lag == 0 {
		t.Lag = k.defaults.Lag
	}
	if t.Last == 0 && t.Since == nil {
		t.Last = k.defaults.Last
	}
	if slices.Contains(k.takes, "anomaly") {
		t.fill()
	}
}

// validate checks what the kind needs, and that nothing is given that it has no
// use for.
func (k kind) validate(t Test) error {
	given := t.given()
	for _, field := range k.needs {
		if !given[field] {
			return fmt.Errorf("kind %s needs %s", t.Kind, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(given)) {
		if given[field] && !slices.Contains(k.needs, field) && !slices.Contains(k.takes, field) && slices.Contains(special, field) {
			if field == "range" {
				field = "since and last"
			}
			return fmt.Errorf("kind %s has no use for %s", t.Kind, field)
		}
	}
	if k.table != "" && t.Table != k.table {
		return fmt.Errorf("kind %s is always about %s", t.Kind, k.table)
	}
	if t.Kind == Freshness && t.WarnAfter == 0 && t.ErrorAfter == 0 {
		return errors.New("kind freshness needs warn_after, error_after or both")
	}
	if slices.Contains(k.takes, "anomaly") {
		return t.validate(t.Kind)
	}
	return nil
}

// special are the fields that only some kinds know.
var special = []string{"values", "to", "warn_after", "error_after", "sql", "export", "anomaly", "dimension", "update_timestamp", "where", "events", "range"}

func (t Test) given() map[string]bool {
	return map[string]bool{
		"table": t.Table != "", "column": t.Column != "", "timestamp": t.Timestamp != "",
		"values": len(t.Values) > 0, "to": t.To != nil && t.To.Table != "" && t.To.Column != "",
		"warn_after": t.WarnAfter != 0, "error_after": t.ErrorAfter != 0, "sql": t.SQL != "", "export": t.Export,
		"anomaly": t.Anomaly.given(), "dimension": t.Dimension != "", "update_timestamp": t.UpdateTimestamp != "",
		"where": t.Where != "", "events": len(t.Events) > 0, "range": t.Since != nil || t.Last != 0,
	}
}
