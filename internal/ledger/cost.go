package ledger

// Cost is what jobs of a warehouse used. Loading is free: loads run on slots that are
// not billed.
type Cost struct {
	// BytesBilled is what on-demand pricing charges for.
	BytesBilled int64 `json:"bytesBilled"`
	// SlotMillis is the time that slots worked, in milliseconds.
	SlotMillis int64 `json:"slotMillis"`
	// USD estimates the bill in dollars, before free tiers and discounts.
	USD float64 `json:"usd"`
}

// Plus is the cost of both.
func (c Cost) Plus(other Cost) Cost {
	return Cost{
		BytesBilled: c.BytesBilled + other.BytesBilled,
		SlotMillis:  c.SlotMillis + other.SlotMillis,
		USD:         c.USD + other.USD,
	}
}

// StepCost is what one step of a load cost, as window_ledger keeps it in job_ids.
type StepCost struct {
	Step string `json:"step"`
	// JobIDs are all jobs that the step took, the successful one last.
	JobIDs []string `json:"jobIds"`
	Cost
}
