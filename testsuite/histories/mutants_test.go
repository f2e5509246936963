package histories

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/sql"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// mutant breaks one rule: step is the step that is changed, from must stand in it.
type mutant struct{ rule, step, from, to string }

// mutants break a rule of a merge or a commit each.
var mutants = []mutant{
	{"a window is its own rows", "batch", "window_start = @window AND", "TRUE AND"},
	{"rows before the cutover are not merged", "batch", "AND created_at >= @cutover", ""},
	{"rows of the cutover's first instant are", "batch", "created_at >= @cutover", "created_at > @cutover"},
	{"NULL inserted_at is the lowest in the batch", "batch", "'-infinity'", "'infinity'"},
	{"NULL inserted_at is the lowest known", "classify", "IFNULL(k.event_inserted_at, TIMESTAMPTZ '-infinity')", "IFNULL(k.event_inserted_at, TIMESTAMPTZ 'infinity')"},
	{"all buckets of the batch are looked into", "known", "SELECT bucket FROM merge_batch CROSS", "SELECT min(bucket) FROM merge_batch CROSS"},
	{"a known event is found", "known", "event_id IN (SELECT event_id FROM merge_batch)", "event_id IN (SELECT min(event_id) FROM merge_batch)"},
	{"a collision is told by the known identity", "classify", "IFNULL(k.identity_hash, FIRST_VALUE(b.identity_hash)", "IFNULL(NULL, FIRST_VALUE(b.identity_hash)"},
	{"a collision is no re-delivery", "classify", "WHEN collides THEN 'collided'", "WHEN FALSE THEN 'collided'"},
	{"of a batch's collisions the first stays", "classify", "ORDER BY b.inserted_order, b.bq_ingested_timestamp, b.content_hash, b.created_at", "ORDER BY b.raw_row"},
	{"a collision in the batch is told by inserted_at", "classify", "ORDER BY b.inserted_order,", "ORDER BY"},
	{"a collision in the batch is told by the hash", "classify", "b.content_hash, b.created_at", "b.content_hash DESC, b.created_at"},
	{"a name is part of the identity", "identity_hash", "|| event_name ||", "|| left(event_name, 0) ||"},
	{"a user is part of the identity", "identity_hash", "|| user_id)", "|| left(user_id, 0))"},
	{"name and user are kept apart", "identity_hash", "length(event_name) || ':' ||", "'' ||"},
	{"the newest of a batch wins, by inserted_at", "classify", "ORDER BY inserted_order DESC, bq_ingested_timestamp DESC, content_hash DESC", "ORDER BY bq_ingested_timestamp DESC, content_hash DESC"},
	{"the newest of a batch wins, not the oldest", "classify", "ORDER BY inserted_order DESC", "ORDER BY inserted_order"},
	{"the newest of a batch wins, by the hash", "classify", "content_hash DESC, created_at DESC", "content_hash, created_at DESC"},
	{"one delivery of a batch wins", "classify", "WHEN newest > 1 THEN 'unchanged'", ""},
	{"created_at is of the first of a batch", "classify", "IFNULL(known_created_at, first_created_at)", "IFNULL(known_created_at, created_at)"},
	{"the first of a batch is told by inserted_at", "classify", "ORDER BY inserted_order, bq_ingested_timestamp, content_hash, created_at", "ORDER BY bq_ingested_timestamp, content_hash, created_at"},
	{"the first of a batch is told by the hash", "classify", "ORDER BY inserted_order, bq_ingested_timestamp, content_hash, created_at", "ORDER BY inserted_order, bq_ingested_timestamp, created_at"},
	{"the first of a batch that is told twice is the earliest", "classify", "content_hash, created_at\n    ) AS first_created_at", "content_hash, created_at DESC\n    ) AS first_created_at"},
	{"created_at of a known event stays", "classify", "IFNULL(known_created_at, first_created_at)", "first_created_at"},
	{"an older delivery never wins", "classify", "WHEN (inserted_order, bq_ingested_timestamp, content_hash) <= (known_inserted_order, known_ingested, IFNULL(known_content, 0)) THEN 'unchanged'", ""},
	{"older is told by inserted_at first", "classify", "(inserted_order, bq_ingested_timestamp, content_hash) <= (known_inserted_order, known_ingested,", "(bq_ingested_timestamp, inserted_order, content_hash) <= (known_ingested, known_inserted_order,"},
	{"older is told by the stamp then", "classify", "(inserted_order, bq_ingested_timestamp, content_hash) <= (known_inserted_order, known_ingested,", "(inserted_order, content_hash) <= (known_inserted_order,"},
	{"older is told by the hash at last", "classify", "(inserted_order, bq_ingested_timestamp, content_hash) <= (known_inserted_order, known_ingested, IFNULL(known_content, 0))", "(inserted_order, bq_ingested_timestamp) <= (known_inserted_order, known_ingested)"},
	{"the hash of a tie counts", "classify", "content_hash) <= (known_inserted_order, known_ingested, IFNULL(known_content, 0))", "1) <= (known_inserted_order, known_ingested, 0)"},
	{"unchanged content rewrites nothing", "classify", "WHEN content_hash = known_content THEN 'advanced'", ""},
	{"unchanged but newer is remembered", "classify", "THEN 'advanced'", "THEN 'unchanged'"},
	{"the row stays where it is remembered", "insert_keys", "IF(outcome = 'advanced', known_row_ingested_at, bq_ingested_timestamp)", "bq_ingested_timestamp"},
	{"changed content rewrites the row", "classify", "ELSE 'updated'", "ELSE 'advanced'"},
	{"all loads of changed rows are looked into", "changed_loads", "ORDER BY ALL", "ORDER BY ALL LIMIT 1"},
	{"a changed row is removed", "remove_changed", "AND (t.event_id = v.event_id) IS TRUE", "AND FALSE"},
	{"only the changed row is removed", "remove_changed", "AND (t.event_id = v.event_id) IS TRUE", ""},
	{"columns are copied each to its own", "insert_rows", "r.device_model, r.device_type", "r.device_type, r.device_model"},
	{"created_at is the one decided on", "insert_rows", "v.created_at, r.event_name", "r.created_at, r.event_name"},
	{"rows are inserted", "insert_rows", "IN ('inserted', 'updated')", "IN ('updated')"},
	{"the key of a changed row is replaced", "remove_keys", "IN ('updated', 'advanced')", "IN ('updated')"},
	{"a key is written with its row", "insert_keys", "IN ('inserted', 'updated', 'advanced')", "IN ('inserted', 'updated')"},
	{"rejects of the same export are replaced", "remove_rejects", "WHERE window_start = @window\n", "WHERE FALSE\n"},
	{"rejects of other exports stay", "remove_rejects", "AND (source_object, source_generation) IN (", "OR (source_object, source_generation) IN ("},
	{"a collision is kept", "insert_rejects", "v.outcome = 'collided'", "v.outcome = 'none'"},
	{"unchanged rows are counted", "record", "rows_unchanged = @unchanged", "rows_unchanged = @updated"},
	{"collided rows are counted", "record", "rows_collided = @collided", "rows_collided = 0"},
	{"rows before the cutover are counted", "count", "created_at < @cutover", "created_at <= @cutover"},
	{"the counts are of the load", "record", "AND load_id = @load_id", ""},
	{"a reload replaces the window", "remove_rows", "window_start = @window", "window_start > @window"},
	{"a reload replaces nothing else", "remove_rows", "WHERE window_start = @window", "WHERE window_start >= @window"},
	{"a load that was replaced stays replaced", "load", "AND load_id = @load_id AND", "AND load_id = @load_id AND status = 'loaded' AND"},
	{"what was never merged is not replaced", "latest", "status IN ('loaded', 'merged')", "status IN ('merged')"},
}

// drawnAlone is for the proof that random histories are enough for the rules of merges.
var drawnAlone = flag.Bool("drawn", false, "miss broken rules of merges without the histories of testdata")

// patience is how many histories of each taste are drawn to miss a rule.
const patience = 1500

// TestBrokenRulesAreMissed shows that the histories and the oracle can fail: each
// rule is broken, and a history must end differently.
func TestBrokenRulesAreMissed(t *testing.T) {
	t.Parallel()
	known := make(map[string]History)
	if !*drawnAlone {
		known = fixtures(t)
	}
	missAll(t, mutants, known, "one event", "two events", "any events")
}

// missAll breaks rules that known histories or those of some tastes must miss.
func missAll(t *testing.T, mutants []mutant, known map[string]History, tastes ...string) {
	t.Helper()
	for _, m := range mutants {
		t.Run(m.rule, func(t *testing.T) {
			t.Parallel()
			broken := false
			by, err := missedBy(t.Context(), m.rule, known, m.rewrite(&broken), tastes)
			require.True(t, broken, "the step %s does not hold %q any more", m.step, m.from)
			require.Error(t, err, "nobody misses the rule")
			t.Logf("missed by %s: %v", by, err)
		})
	}
}

// rewrite breaks the rule, and says whether it could.
func (m mutant) rewrite(broken *bool) func(sql.Step) sql.Step {
	return func(step sql.Step) sql.Step {
		if step.Name == m.step && strings.Contains(step.Text, m.from) {
			*broken = true
			step.Text = strings.Replace(step.Text, m.from, m.to, 1)
		}
		return step
	}
}

// missedBy finds a history that ends differently, and how. The fixture that is named
// after the rule comes first.
func missedBy(ctx context.Context, rule string, known map[string]History, rewrite func(sql.Step) sql.Step, of []string) (by string, err error) {
	facets := make(oracle.Facets)
	if history, ok := known[fixtureName(rule)]; ok {
		if err := playAlone(ctx, facets, history, rewrite); err != nil {
			return "its fixture", err
		}
	}
	for seed := range patience {
		for _, taste := range of {
			if err := playAlone(ctx, facets, Histories(tastes[taste]).Example(seed), rewrite); err != nil {
				return fmt.Sprintf("history %d of %q", seed, taste), err
			}
		}
	}
	return "", nil
}
