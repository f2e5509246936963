//go:build bigquery

package e2e

import "testing"

func TestDedupOnBigQuerySurvivesKills(t *testing.T) {
	t.Parallel()
	openSeeded(t, onBigQuery).dedupThroughKills(killsWanted)
}

func TestCancelledDedupOnBigQuery(t *testing.T) {
	t.Parallel()
	openSeeded(t, onBigQuery).cancelDedups()
}
