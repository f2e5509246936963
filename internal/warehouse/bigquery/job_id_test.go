package bigquery

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func idOf(t interface {
	Helper()
	require.TestingT
}, q query, number int,
) string {
	t.Helper()
	asks, err := q.asks()
	require.NoError(t, err)
	runner := newJobs(nil, JobSettings{Location: testLocation})
	return runner.id(work{task: q.task, asks: asks}, number).JobID
}

func TestIDsTellWorkApart(t *testing.T) {
	t.Parallel()
	base := merge()
	base.parameters = map[string]any{"n": int64(1), "at": time.Unix(0, 0)}
	changed := map[string]func(*query){
		"key":                   func(q *query) { q.key = "load-8" },
		"window":                func(q *query) { q.window = "2026-06-12T11:00Z" },
		"window of equal looks": func(q *query) { q.window = "2026-06-12T10-00Z" },
		"step":                  func(q *query) { q.step = "dedup" },
		"text":                  func(q *query) { q.sql += " " },
		"value":                 func(q *query) { q.parameters = map[string]any{"n": int64(2), "at": time.Unix(0, 0)} },
		"type":                  func(q *query) { q.parameters = map[string]any{"n": float64(1), "at": time.Unix(0, 0)} },
		"name":                  func(q *query) { q.parameters = map[string]any{"m": int64(1), "at": time.Unix(0, 0)} },
		"none":                  func(q *query) { q.parameters = nil },
		"disposition":           func(q *query) { q.disposition = "WRITE_APPEND" },
	}
	seen := map[string]string{idOf(t, base, 1): "nothing changed", idOf(t, base, 2): "the next attempt"}
	for name, change := range changed {
		q := base
		change(&q)
		id := idOf(t, q, 1)
		assert.Empty(t, seen[id], "%s gives the id of %s", name, seen[id])
		seen[id] = name
	}
	again := merge()
	again.parameters = map[string]any{"at": time.Unix(0, 0), "n": int64(1)}
	assert.Equal(t, idOf(t, base, 3), idOf(t, again, 3))
}

// Two ids that swap a character between neighbouring parts are two ids.
func TestPartsDoNotRunTogether(t *testing.T) {
	t.Parallel()
	a := work{task: task{step: "ab", window: "c"}}
	b := work{task: task{step: "a", window: "bc"}}
	assert.NotEqual(t, a.digest(), b.digest())
}

func TestIDsAndLabelsAreWhatBigQueryTakes(t *testing.T) {
	t.Parallel()
	idForm, labelForm := regexp.MustCompile(`^[A-Za-z0-9_-]+$`), regexp.MustCompile(`^[a-z0-9_-]{0,63}$`)
	keyForm := regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	rapid.Check(t, func(t *rapid.T) {
		q := query{task: task{step: rapid.String().Draw(t, "step"), window: rapid.String().Draw(t, "window"), key: rapid.String().Draw(t, "key")}}
		id := idOf(t, q, rapid.IntRange(1, mostIDs).Draw(t, "number"))
		require.Regexp(t, idForm, id)
		require.LessOrEqual(t, len(id), 1024)
		runner := newJobs(nil, JobSettings{Pipeline: rapid.String().Draw(t, "pipeline")})
		for key, value := range runner.labels(work{task: q.task}, 1) {
			require.Regexp(t, keyForm, key)
			require.Regexp(t, labelForm, value)
		}
	})
}

func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	long := make([]byte, 3000)
	for i := range long {
		long[i] = 'x'
	}
	q := query{task: task{step: string(long), window: string(long)}}
	assert.Less(t, len(idOf(t, q, 1)), 1024)
}
