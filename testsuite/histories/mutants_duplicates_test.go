package histories

import "testing"

// mutantsOfDuplicates break a rule of a dedup, its rollback or a rebuild of keys each,
// or of a merge into what older tools left.
var mutantsOfDuplicates = []mutant{
	{"a dedup takes rows without an id out", "rows", "FROM ${source} WHERE event_id IS NULL", "FROM ${source} WHERE FALSE"},
	{"NULL inserted_at is the lowest in a dedup", "verdict", "IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity')", "IFNULL(event_inserted_at, TIMESTAMPTZ 'infinity')"},
	{"a NULL stamp is the lowest in a dedup", "verdict", "IFNULL(bq_ingested_timestamp, TIMESTAMPTZ '-infinity')", "IFNULL(bq_ingested_timestamp, TIMESTAMPTZ 'infinity')"},
	{"a dedup takes collisions out", "verdict", "event_id IS NOT NULL AND identity_hash <>", "FALSE AND identity_hash <>"},
	{"the first row says whose event it is", "verdict", "ORDER BY inserted_order, ingested_order, content_hash, created_at, tracks_row\n    ) AS collides", "ORDER BY tracks_row\n    ) AS collides"},
	{"the first row is told by inserted_at", "verdict", "ORDER BY inserted_order, ingested_order, content_hash, created_at, tracks_row\n    ) AS collides", "ORDER BY ingested_order, content_hash, created_at\n    ) AS collides"},
	{"the newest row's content stays", "verdict", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC", "ORDER BY inserted_order, ingested_order DESC, content_hash DESC"},
	{"the newest row is told by the stamp then", "verdict", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC", "ORDER BY inserted_order DESC, content_hash DESC"},
	{"the newest row is told by the hash at last", "verdict", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash"},
	{"created_at is of the first row", "verdict", "FIRST_VALUE(created_at) OVER oldest_first", "LAST_VALUE(created_at) OVER oldest_first"},
	{"of equal rows the earliest created_at stays", "verdict", "ORDER BY inserted_order, ingested_order, content_hash, created_at, tracks_row\n  )\n)", "ORDER BY inserted_order, ingested_order, content_hash, created_at DESC\n  )\n)"},
	{"what was written twice is a double run", "verdict", "WHEN written > 1 THEN 'double_run'", ""},
	{"what stands on the other side of the cutover is a backfill's", "verdict", "(ingested_order < @cutover) <> (first_ingested < @cutover)", "FALSE"},
	{"days are told apart", "verdict", "CAST(created_at AS DATE) <> CAST(first_created_at AS DATE)", "FALSE"},
	{"rows without an id have their own reason", "insert_rejects", "IF(r.event_id IS NULL, 'event_id_missing', 'collision')", "'collision'"},
	{"what a dedup takes out stands under its hour", "insert_rejects", "date_trunc('hour', r.created_at)", "date_trunc('day', r.created_at)"},
	{"a rewritten row keeps its columns", "insert_rows", "v.first_created_at, r.event_name, r.user_id, r.person_id", "v.first_created_at, r.event_name, r.user_id, r.session_id"},
	{"a dedup remembers newer deliveries", "seen", "ORDER BY s.event_inserted_at DESC NULLS LAST, s.bq_ingested_timestamp DESC NULLS LAST", "ORDER BY s.event_inserted_at NULLS FIRST, s.bq_ingested_timestamp NULLS FIRST"},
	{"a dedup mends no key by what was not merged", "insert_missing_keys", "AND w.status = 'merged'", ""},
	{"a delivery before the cutover was never seen", "insert_missing_keys", "r.created_at >= @cutover AND", ""},
	{"no rollback loses a change", "affected", "USING (event_id, content)", "USING (event_id)"},
	{"a rollback forgets no delivery", "restored_keys", "IF(k.event_id IS NULL, r.event_inserted_at, k.event_inserted_at)", "r.event_inserted_at"},
	{"a rollback gives events without key the newest row's", "restored_keys", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at", "ORDER BY inserted_order, ingested_order, content_hash, created_at"},
	{"a rollback takes rejects back", "restore_rejects", "WHERE source_object", "WHERE FALSE AND source_object"},
	{"nobody rolls back while keys are rebuilt", "guard", "WHERE swapped_at IS NULL) AS rebuilding,\n  EXISTS (SELECT 1 FROM ${tracks}) AND", "WHERE FALSE) AS rebuilding,\n  EXISTS (SELECT 1 FROM ${tracks}) AND"},
	{"a few keys do not pass for all", "guard", "AND NOT EXISTS (SELECT 1 FROM ${tracks_keys}) AS missing", "AND FALSE AS missing"},
	{"other duplicates of a changed row stay", "remove_changed", "AND (t.bq_ingested_timestamp IS NOT DISTINCT FROM v.known_row_ingested_at) IS TRUE", ""},
	{"another's row at the same place stays", "remove_changed", "AND (identity_hash(t.event_name, t.user_id) = v.identity_hash) IS TRUE", ""},
	{"nobody merges while keys are rebuilt", "guard", "WHERE swapped_at IS NULL) AS rebuilding,\n  (SELECT COUNT(*)", "WHERE FALSE) AS rebuilding,\n  (SELECT COUNT(*)"},
	{"nobody backfills while keys are rebuilt", "guard", "AS has_keys,\n  EXISTS (SELECT 1 FROM ${tracks_keys_slices} WHERE swapped_at IS NULL)", "AS has_keys,\n  EXISTS (SELECT 1 FROM ${tracks_keys_slices} WHERE FALSE)"},
	{"nobody writes without keys", "guard", "IFNULL((SELECT bucket = event_bucket(event_id) FROM ${tracks_keys} LIMIT 1), FALSE)", "TRUE"},
	{"the newest row gets the key", "rows", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at", "ORDER BY inserted_order, ingested_order DESC, content_hash DESC, created_at"},
	{"the row with the key is told by the hash", "rows", "ORDER BY inserted_order DESC, ingested_order DESC, content_hash DESC, created_at", "ORDER BY inserted_order DESC, ingested_order DESC, created_at"},
	{"the newest row of all slices gets the key", "rivals", "(s.inserted_order, s.ingested_order, s.content_hash) > (", "(s.inserted_order, s.ingested_order, s.content_hash) < ("},
	{"NULL inserted_at is the lowest in a rebuild", "rows", "IFNULL(event_inserted_at, TIMESTAMPTZ '-infinity')", "IFNULL(event_inserted_at, TIMESTAMPTZ 'infinity')"},
	{"a rebuild learns of newer deliveries", "fresher", "WHERE (d.inserted_order, d.bq_ingested_timestamp) >", "WHERE FALSE AND (d.inserted_order, d.bq_ingested_timestamp) >"},
	{"a rebuild learns of newer deliveries alone", "fresher", "WHERE (d.inserted_order, d.bq_ingested_timestamp) >", "WHERE (d.inserted_order, d.bq_ingested_timestamp) <>"},
	{"a rebuild learns of its own deliveries", "fresher", "AND d.identity_hash = k.identity_hash", ""},
	{"a rebuild learns of nothing unmerged", "deliveries", "WHERE status = 'merged'", ""},
	{"a rebuild learns of nothing before the cutover", "deliveries", "AND created_at >= @cutover", ""},
	{"a rebuild finds rows where they lie", "fresher", "k.row_ingested_at, k.content_hash", "d.bq_ingested_timestamp, k.content_hash"},
}

// TestBrokenRulesOfDuplicatesAreMissed is TestBrokenRulesAreMissed for what older tools
// left. It always knows the histories of testdata: some of these rules matter so seldom
// that drawn histories do not come upon them within patience.
func TestBrokenRulesOfDuplicatesAreMissed(t *testing.T) {
	t.Parallel()
	missAll(t, mutantsOfDuplicates, fixtures(t), "duplicates")
}
