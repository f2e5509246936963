package bigquery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// BuildKeys does one slice of a rebuild, all or nothing. Doing it again changes
// nothing and returns the counts of the first time.
//
// It returns a *warehouse.InvariantError when the rebuild is over or tracks has
// rows that the plan does not know of.
func (w *Warehouse) BuildKeys(ctx context.Context, rebuildID string, number int) (keys.Built, error) {
	if err := w.ensure(ctx); err != nil {
		return keys.Built{}, err
	}
	b := building{script: w.keysScript("keys_rebuild")}
	b.bind["rebuild_id"], b.bind["slice"] = rebuildID, int64(number)
	b.bind["cutover"] = w.options.Cutover.UTC()
	b.fill["sample_size"] = strconv.Itoa(keys.SampleSize)
	planned, err := b.planned(ctx)
	switch {
	case err != nil:
		return keys.Built{}, err
	case planned == nil:
		return keys.Built{}, warehouse.RebuildOver(rebuildID, number)
	case planned.Done:
		return keys.ParseBuilt(planned.Outcome.StringVal)
	}
	b.key = fmt.Sprintf("%s-%d-%d", rebuildID, planned.Fence, number)
	b.nameTables()
	b.bind["begins"], b.bind["ends"] = planned.Begins.UTC(), planned.Ends.UTC()
	var built keys.Built
	if planned.slice().Source == keys.Tracks {
		built, err = b.ofRows(ctx, planned.slice())
	} else {
		built, err = b.ofDeliveries(ctx)
	}
	if broken, ok := errors.AsType[*warehouse.InvariantError](err); ok {
		// An earlier attempt may have got through in between.
		if now, err := b.planned(ctx); err == nil && now != nil && now.Done {
			return keys.ParseBuilt(now.Outcome.StringVal)
		}
		return keys.Built{}, broken
	}
	if err == nil {
		b.dropTables(ctx)
	}
	return built, err
}

// building is one slice of a rebuild in progress.
type building struct {
	*script

	// key names the jobs of this slice.
	key string
	// tables are the slice's staging tables.
	tables []string
}

// nameTables gives the slice staging tables of its own.
func (b *building) nameTables() {
	sum := sha256.Sum256([]byte(b.key))
	for _, placeholder := range []string{"slice_rows", "slice_rivals", "slice_deliveries", "slice_learned"} {
		name := placeholder + "_" + hex.EncodeToString(sum[:8])
		_, b.fill[placeholder] = b.warehouse.table(name)
		b.tables = append(b.tables, name)
	}
}

// dropTables saves the storage; what stays behind expires by itself.
func (b *building) dropTables(ctx context.Context) {
	for _, name := range b.tables {
		table, _ := b.warehouse.table(name)
		_ = b.warehouse.jobs.insist(ctx, table.Delete)
	}
}

func (b *building) planned(ctx context.Context) (*plannedSlice, error) {
	found, err := ask[plannedSlice](ctx, b.script, "slice")
	if err != nil || len(found) == 0 {
		return nil, err
	}
	found[0].Slice = b.bind["slice"].(int64) //nolint:forcetypeassert // bound by BuildKeys
	return &found[0], nil
}

// findBuckets makes the buckets that a step finds a literal list.
func (b *building) findBuckets(ctx context.Context, step string) error {
	found, err := askOne[struct {
		Buckets []int64 `bigquery:"buckets"`
	}](ctx, b.script, step)
	b.fill["buckets"] = numberList(found.Buckets)
	return err
}

// ofRows makes keys of the rows of tracks.
func (b *building) ofRows(ctx context.Context, slice keys.Slice) (keys.Built, error) {
	if err := b.fresh(ctx, "rows"); err != nil {
		return keys.Built{}, err
	}
	if err := b.findBuckets(ctx, "row_buckets"); err != nil {
		return keys.Built{}, err
	}
	if err := b.fresh(ctx, "rivals"); err != nil {
		return keys.Built{}, err
	}
	counts, err := askOne[struct {
		Rows    int64 `bigquery:"row_count"`
		Unkeyed int64 `bigquery:"unkeyed"`
		Events  int64 `bigquery:"events"`
		Rivals  int64 `bigquery:"rivals"`
		Beaten  int64 `bigquery:"beaten"`
	}](ctx, b.script, "count")
	if err != nil {
		return keys.Built{}, err
	}
	// A slice's rows replace the keys they beat and leave the others.
	built := keys.Built{Rows: counts.Rows, Unkeyed: counts.Unkeyed, Keys: counts.Events - counts.Rivals}
	built.Duplicates = built.Rows - built.Unkeyed - built.Keys
	if built.Rows != slice.Rows {
		return built, warehouse.RebuildUnfit(b.warehouse.options.Tables, b.bind["rebuild_id"].(string), //nolint:forcetypeassert // bound by BuildKeys
			fmt.Errorf("slice %d (%s) has %d rows now", slice.Number, slice, built.Rows))
	}
	if built.Duplicates > 0 {
		sample, err := ask[struct {
			EventID string `bigquery:"event_id"`
		}](ctx, b.script, "sample")
		if err != nil {
			return built, err
		}
		for _, event := range sample {
			built.Sample = append(built.Sample, event.EventID)
		}
	}
	steps := []string{"insert_keys"}
	if counts.Beaten > 0 {
		steps = []string{"remove_beaten", "insert_keys"}
	}
	return built, b.finish(ctx, built, steps...)
}

// ofDeliveries adds what raw_tracks knows of newer deliveries and of contents.
func (b *building) ofDeliveries(ctx context.Context) (keys.Built, error) {
	if err := b.fresh(ctx, "deliveries"); err != nil {
		return keys.Built{}, err
	}
	if err := b.findBuckets(ctx, "delivery_buckets"); err != nil {
		return keys.Built{}, err
	}
	if err := b.fresh(ctx, "learned"); err != nil {
		return keys.Built{}, err
	}
	counts, err := askOne[struct {
		Learned int64 `bigquery:"learned"`
	}](ctx, b.script, "count_learned")
	if err != nil {
		return keys.Built{}, err
	}
	built := keys.Built{Refreshed: counts.Learned}
	if counts.Learned == 0 {
		return built, b.finish(ctx, built)
	}
	return built, b.finish(ctx, built, "learn")
}

// finish changes the keys and books the slice, in one transaction.
func (b *building) finish(ctx context.Context, built keys.Built, changes ...string) error {
	outcome, err := json.Marshal(built)
	if err != nil {
		return fmt.Errorf("encode what a slice came to: %w", err)
	}
	b.bind["outcome"], b.bind["keys_written"] = string(outcome), built.Keys
	steps := append([]string{"begin", "claim"}, changes...)
	_, err = b.do(ctx, b.key, append(steps, "finish", "commit")...)
	return err
}
