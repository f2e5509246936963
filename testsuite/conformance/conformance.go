package conformance

import (
	"testing"

	"github.com/posthog-tracks/posthog-tracks/activities"
)

// Run puts a warehouse through the suite. open makes an empty warehouse with the
// default table names and Cutover, and the area it loads staged files from, and sees
// to their end.
func Run(t *testing.T, open func(*testing.T) (Warehouse, activities.Area)) { //nolint:funlen // the table of all cases
	t.Helper()
	for name, test := range map[string]func(*lab){
		"commit/replaces the window":                     commitReplaces,
		"commit/twice is once":                           commitTwice,
		"commit/a load that was replaced stays replaced": commitLate,
		"commit/keeps what was never merged":             commitKeepsUnmerged,
		"commit/an empty export empties the window":      commitEmpty,
		"commit/keeps rejects with the row":              commitRejects,
		"commit/says when staged files are gone":         commitStagedMissing,
		"commit/keeps payloads as sent":                  commitPayloads,
		"outcome/is booked, and once":                    outcomeBooked,
		"standings/are those of the newest loads":        standingsOfLoads,
		"standings/tell outcomes from loads":             standingsOfOutcomes,
		"backfill/new events are inserted":               backfillInserts,
		"backfill/days are UTC days":                     backfillDayBorders,
		"backfill/what is there stays":                   backfillOnlyInserts,
		"backfill/twice is once":                         backfillTwice,
		"backfill/duplicates in the source":              backfillDuplicates,
		"backfill/collisions":                            backfillCollisions,
		"backfill/NULL keys":                             backfillNullKeys,
		"backfill/ids of every kind":                     backfillIDs,
		"backfill/then deliveries":                       backfillThenDeliveries,
		"backfill/refuses tracks without keys":           backfillWithoutKeys,
		"backfill/refuses while keys are rebuilt":        backfillWhileKeysAreRebuilt,
		"backfill/refuses a source that moved":           backfillOfMovedSource,
		"backfill/of nothing":                            backfillOfNothing,
		"freshness/is the newest stamp":                  freshness,
		"overview/judges hours":                          overviewOfHours,
		"overview/tells the story of an event":           storyOfAnEvent,
		"merge/new events are inserted":                  mergeInserts,
		"merge/twice is once":                            mergeTwice,
		"merge/unknown load":                             mergeUnknown,
		"merge/newer content wins":                       mergeUpdates,
		"merge/created_at stays":                         mergeKeepsCreatedAt,
		"merge/no person is not an empty one":            mergeTellsNoneFromEmpty,
		"merge/older content never wins":                 mergeKeepsNewer,
		"merge/NULL inserted_at is the lowest":           mergeNullInserted,
		"merge/the stamp breaks ties":                    mergeStampBreaksTies,
		"merge/unchanged rewrites nothing":               mergeUnchanged,
		"merge/unchanged but newer is remembered":        mergeRemembersOrder,
		"merge/order of windows does not matter":         mergeAnyOrder,
		"merge/duplicates in one export":                 mergeInBatch,
		"merge/collisions":                               mergeCollisions,
		"merge/collisions within one export":             mergeCollisionsInBatch,
		"merge/collisions survive a shorter export":      mergeCollisionsStay,
		"merge/before the cutover":                       mergeCutover,
		"merge/over the cutover":                         mergeOverCutover,
		"merge/ids of every kind":                        mergeIDs,
		"merge/a shorter export loses nothing":           mergeShorterExport,
		"merge/an empty window":                          mergeEmptyWindow,
		"merge/refuses tracks without keys":              mergeWithoutKeys,
		"merge/rolls back when keys and tracks differ":   mergeDrift,
		"merge/refuses rows the ledger does not know of": mergeForeignRows,
		"preview/tells what a merge then does":           previewTells,
		"preview/of a window that is there already":      previewOfLoaded,
		"preview/of an unmerged window names the load":   previewOfUnmerged,
		"preview/of an empty export":                     previewOfNothing,
		"preview/refuses tracks without keys":            previewRefuses,
		"checks/unique":                                  checkUnique,
		"checks/not_null":                                checkNotNull,
		"checks/accepted_values":                         checkAcceptedValues,
		"checks/relationships":                           checkRelationships,
		"checks/freshness":                               checkFreshness,
		"checks/some events only":                        checkEvents,
		"checks/a statement of one's own":                checkCustom,
		"checks/volume":                                  checkVolume,
		"checks/dimensions":                              checkDimensions,
		"checks/time without rows":                       checkFreshnessAnomalies,
		"checks/late rows":                               checkEventFreshness,
		"checks/keys and collisions":                     checkKeys,
		"checks/reconciliation":                          checkReconciliation,
		"checks/gaps":                                    checkGaps,
		"checks/results and incidents":                   checkResults,
	} {
		t.Run(name, func(t *testing.T) { test(newLab(t, open)) })
	}
}
