//go:build bigquery

package e2e

import "testing"

func TestKeysOnBigQueryAreRebuiltThroughKills(t *testing.T) {
	t.Parallel()
	open(t, onBigQuery).keysThroughKills(killsWanted)
}

func TestCancelledKeysRebuildOnBigQuery(t *testing.T) {
	t.Parallel()
	open(t, onBigQuery).cancelRebuilds()
}
