package contract

// The activities of a backfill. PlanBackfill takes a ledger.BackfillRange and returns
// a ledger.BackfillPlan, BackfillDay takes a ledger.BackfillDay and returns a
// ledger.Backfilled.
const (
	PlanBackfill = "PlanBackfill"
	BackfillDay  = "BackfillDay"
)
