//go:build bigquery

package e2e

import "testing"

func TestReloadOnBigQuerySurvivesKills(t *testing.T) {
	t.Parallel()
	for name, c := range reloadings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.throughKills(t, killsWanted, onBigQuery)
		})
	}
}

func TestCancelledReloadOnBigQuery(t *testing.T) {
	t.Parallel()
	open(t, onBigQuery).cancelReloads()
}
