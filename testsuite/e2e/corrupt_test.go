package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// An hour is overwritten by an object that cannot be loaded: its run fails at once
// and says which object it is, and what was loaded before stays. When PostHog has
// written a good one, the same hour passes.
func TestCorruptObjects(t *testing.T) {
	t.Parallel()
	l := open(t)
	cases := []struct {
		name   string
		damage func(t *testing.T, w window.Window, content []byte) []byte
		kind   string
	}{
		{"cut off", func(_ *testing.T, _ window.Window, content []byte) []byte {
			return content[:len(content)*2/3]
		}, contract.ErrObjectCorrupt},
		{"a spoilt footer", func(_ *testing.T, _ window.Window, content []byte) []byte {
			footer := len(content) - 8 - int(binary.LittleEndian.Uint32(content[len(content)-8:]))
			clear(content[footer+10 : footer+40])
			return content
		}, contract.ErrObjectCorrupt},
		{"a spoilt page", func(_ *testing.T, _ window.Window, content []byte) []byte {
			clear(content[len(content)/2 : len(content)/2+200])
			return content
		}, contract.ErrObjectCorrupt},
		{"no Parquet", func(*testing.T, window.Window, []byte) []byte {
			return []byte("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")
		}, contract.ErrObjectCorrupt},
		{"empty", func(*testing.T, window.Window, []byte) []byte { return nil }, contract.ErrObjectCorrupt},
		{"without uuid", func(_ *testing.T, _ window.Window, content []byte) []byte {
			return bytes.ReplaceAll(content, []byte("\x04uuid"), []byte("\x04guid"))
		}, contract.ErrColumnMissing},
		{"LZ4", func(t *testing.T, w window.Window, _ []byte) []byte {
			t.Helper()
			export, err := sample.Generate(w, sample.Options{Seed: 1, Events: 60, Codec: sample.LZ4})
			require.NoError(t, err)
			return export.Objects[0].Content
		}, contract.ErrObjectUnsupported},
	}
	for n, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := l.of(t)
			w := hour(t, n)
			before := l.upload(w, ordinary(1))
			l.load(w)
			object := before.Objects[0]

			generation := l.put(object.Name, c.damage(t, w, bytes.Clone(object.Content)), object.Updated)
			run := l.start(workflows.HourlyInput{Window: w})
			failure := l.fails(run, c.kind)
			assert.Contains(t, failure.Error(), fmt.Sprintf("%s#%d", object.Name, generation))
			assert.Equal(t, int32(1), l.attempted(run, contract.StageObject).count, "trying again is pointless")
			assert.Equal(t, ids(before.Events()), l.held(w))
			assert.Equal(t, []string{"merged", "failed " + c.kind}, l.ledger(w))

			after := l.upload(w, ordinary(2))
			l.load(w)
			assert.Equal(t, ids(after.Events()), l.held(w))
			assert.Equal(t, []string{"merged", "failed " + c.kind, "merged"}, l.ledger(w))
		})
	}
	l.prove()
}

// An hour with too many rows that nobody can trust is not loaded, unless somebody
// says so.
func TestTooManyRejects(t *testing.T) {
	t.Parallel()
	l := open(t)
	w := hour(t, 0)
	before := l.upload(w, ordinary(1))
	l.load(w)

	bad := l.upload(w, sample.Options{Seed: 1, Events: 20, Traps: sample.Traps{sample.MalformedUUID}})
	failure := l.fails(l.start(workflows.HourlyInput{Window: w}), contract.ErrTooManyRejects)
	assert.Contains(t, failure.Error(), "10 of 30 rows are rejected (uuid_malformed 10), the limit is 0.2")
	assert.Equal(t, ids(before.Events()), l.held(w))
	assert.Empty(t, l.rows(`SELECT reason FROM posthog.raw_rejects`))
	assert.Equal(t, []string{"merged", "failed TooManyRejects"}, l.ledger(w))

	said, err := l.Starter(l.ctx, "hourly", "--window", w.String(), "--reject-limit", "1")
	require.NoError(t, err)
	assert.Contains(t, said, "30 rows read = 20 loaded + 10 rejected")
	assert.Len(t, l.held(w), len(bad.Events())-10)
	assert.Equal(t, []string{"10"}, l.rows(`SELECT COUNT(*) FROM posthog.raw_rejects`))
	l.prove()
}
