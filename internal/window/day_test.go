package window

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDays(t *testing.T) {
	t.Parallel()
	var d Day
	require.NoError(t, d.UnmarshalText([]byte("2026-02-28")))
	assert.Equal(t, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), d.Start())
	assert.Equal(t, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), d.End())
	assert.Equal(t, Day("2026-03-01"), DayOf(d.End()))
	assert.Equal(t, d, DayOf(d.End().Add(-time.Nanosecond).In(time.FixedZone("far east", 14*3600))))
	assert.Greater(t, Undated, d)

	require.NoError(t, d.UnmarshalText([]byte("undated")))
	assert.Equal(t, Undated, d)
	assert.True(t, d.Start().IsZero())
	assert.True(t, d.End().IsZero())
	require.NoError(t, d.UnmarshalText(nil))
	assert.Empty(t, d)
	for _, text := range []string{"2026-2-1", "2026-02-30", "2026-02-28T00", "yesterday"} {
		require.ErrorContains(t, d.UnmarshalText([]byte(text)), text)
	}
}
