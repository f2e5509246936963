package datatest

// Next is the command that tells more of an incident of the test, or begins to mend
// it. It can be run as it is and changes no table.
func (t Test) Next(status Status) string {
	if status == Error {
		return "starter check --test " + t.Name
	}
	switch t.Kind {
	case Unique:
		if t.Table == "tracks" && t.Column == "event_id" {
			return "starter dedup plan"
		}
	case UniqueByKeys, KeysDrift:
		return "starter keys verify"
	case WindowGaps, Reconciliation:
		return "starter reconcile --action report"
	case Freshness, VolumeAnomalies, FreshnessAnomalies, EventFreshnessAnomalies:
		return "starter status"
	}
	return "starter check --test " + t.Name // which shows a few of what fails
}
