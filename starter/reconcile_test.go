package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/reconcile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

func TestHoursThatDifferAlikeShareALine(t *testing.T) {
	t.Parallel()
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	late := reconcile.Finding{Window: w, State: reconcile.Late, Objects: 1, Detail: "a#1"}
	absent := func(w window.Window) reconcile.Finding {
		return reconcile.Finding{Window: w, State: reconcile.Absent}
	}
	var out bytes.Buffer
	printFindings(&out, []reconcile.Finding{late, absent(w.Next()), absent(w.Next().Next()), absent(w.Next().Next().Next().Next())})
	assert.Equal(t, `  2026-06-12T10 late a#1
  2026-06-12T11 to 2026-06-12T12 absent
  2026-06-12T14 absent
`, out.String())
}
