//go:build bigquery

package e2e

import (
	"testing"
)

// killsOnBigQuery is how many kills a test on the stand-in must survive: it is slow.
const killsOnBigQuery = 6

func TestDedupOnBigQuerySurvivesKills(t *testing.T) {
	t.Parallel()
	openSeeded(t, onBigQuery).dedupThroughKills(killsOnBigQuery)
}

func TestCancelledDedupOnBigQuery(t *testing.T) {
	t.Parallel()
	openSeeded(t, onBigQuery).cancelDedups()
}
