package replay

// Scenarios are what the recorder plays (testsuite/e2e, TestHistories), each with the
// paths it records, as Workflow/path. A path that is not named here cannot be
// recorded, and one that is named here cannot be missing.
var Scenarios = map[string][]string{
	"hours": {
		"HourlyTracks/plain", "HourlyTracks/dry-run", "HourlyTracks/scheduled", "HourlyTracks/missing", "HourlyTracks/empty", "HourlyTracks/refused",
		"HourlyTracks/too-many-rejects", "HourlyTracks/corrupt", "HourlyTracks/tests-complain", "HourlyTracks/merge-fails",
		"WriteTracks/merge", "WriteTracks/merge-fails", "WriteTracks/refused",
	},
	"stale":      {"HourlyTracks/stale"},
	"untestable": {"HourlyTracks/tests-unplanned"},
	"unsettled":  {"HourlyTracks/unsettled"},
	"moving":     {"HourlyTracks/looked-again", "HourlyTracks/gone"},
	"cancelled hours": {
		"HourlyTracks/cancelled-awaiting", "HourlyTracks/cancelled-staging", "HourlyTracks/cancelled-merging",
		"HourlyTracks/overwritten-unmerged", "WriteTracks/merge-cancelled",
	},
	"turns": {"HourlyTracks/cancelled-waiting-for-turn", "HourlyTracks/waited-for-turn", "HourlyTracks/writer-terminated"},
	"reloads": {
		"ReloadWindows/dry-run", "ReloadWindows/missing", "ReloadWindows/nothing-to-do", "ReloadWindows/an-hour-fails",
		"ReloadWindows/refused", "ReloadWindows/steered", "ReloadWindows/cancelled",
	},
	"chapters": {"ReloadWindows/first-chapter", "ReloadWindows/last-chapter"},
	"reconciliations": {
		"ReconcileExports/nothing-found", "ReconcileExports/refused", "ReconcileExports/reported", "ReconcileExports/reloaded",
		"ReconcileExports/waited-for-reload", "ReconcileExports/cancelled",
	},
	"checks": {
		"CheckTracks/passed", "CheckTracks/warned", "CheckTracks/failed", "CheckTracks/no-such-tag",
		"CheckTracks/refused", "CheckTracks/cancelled",
	},
	"dedups": {
		"DedupTracks/nothing-to-do", "DedupTracks/refused", "DedupTracks/plan-only", "DedupTracks/rejected",
		"DedupTracks/taken-back", "DedupTracks/released", "DedupTracks/cancelled", "DedupTracks/taken-back-later",
		"DedupTracks/planned-again", "DedupTracks/writer-terminated",
		"DedupTracks/cancelled-unapproved", "DedupTracks/unverified",
		"WriteTracks/dedup", "WriteTracks/dedup-rollback", "WriteTracks/dedup-refused", "WriteTracks/dedup-unverified",
	},
	"keys": {
		"KeysVerify/agree", "KeysVerify/differ", "KeysVerify/refused",
		"KeysRebuild/refused", "KeysRebuild/discarded", "KeysRebuild/rebuilt", "KeysRebuild/cancelled-waiting-for-turn",
		"WriteTracks/keys",
	},
	"backfills": {
		"BackfillTracks/dry-run", "BackfillTracks/refused", "BackfillTracks/cancelled", "BackfillTracks/a-day-fails",
		"BackfillTracks/the-rest", "BackfillTracks/nothing-to-do", "BackfillTracks/first-chapter", "BackfillTracks/last-chapter",
		"WriteTracks/backfill",
	},
}

// Kept are histories of code that is gone: nothing can record them again, and they
// stand for runs that began before a gate (workflows/versions.go).
var Kept = []string{
	"HourlyTracks/plain-before-tests", // "tests-after-merge"
}
