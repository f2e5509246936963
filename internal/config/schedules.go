package config

import "time"

// Schedules says what Temporal starts by itself. All times are UTC.
type Schedules struct {
	// Hourly is whether HourlyTracks is started at every full hour.
	Hourly bool `yaml:"hourly" env:"HOURLY"`
	// Reconcile is whether ReconcileExports is started every day at 04:30.
	Reconcile bool `yaml:"reconcile" env:"RECONCILE"`
	// Check is whether CheckTracks is started every day at 06:00 and 18:00.
	Check bool `yaml:"check" env:"CHECK"`
	// CatchUp is how far back missed runs are started when Temporal was away.
	CatchUp time.Duration `yaml:"catch_up" env:"CATCH_UP"`
}

// The names of the schedules.
const (
	HourlySchedule    = "hourly"
	ReconcileSchedule = "reconcile"
	CheckSchedule     = "check"
)

// ScheduleID is the id in Temporal of a schedule by its name.
func ScheduleID(name string) string { return "posthog-tracks-" + name }

// IDs are the ids of the schedules that are asked for.
func (s Schedules) IDs() []string {
	var ids []string
	if s.Hourly {
		ids = append(ids, ScheduleID(HourlySchedule))
	}
	if s.Reconcile {
		ids = append(ids, ScheduleID(ReconcileSchedule))
	}
	if s.Check {
		ids = append(ids, ScheduleID(CheckSchedule))
	}
	return ids
}
