package mergecost_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/testsuite/mergecost"
)

// Put in your own numbers here. These are a table of 200 million rows over a year, of
// 2 KB each and all with a UUIDv7, whose hour brings old events of ten days again.
func Example() {
	n := mergecost.Numbers{
		Rows: 200e6, Days: 365, RowBytes: 2000, Batch: 200e6 / 365 / 24,
		Hashed: 0, Seen: 10, Changed: 1, PerTiB: 6.25,
	}
	fmt.Println(mergecost.Table([]mergecost.Hour{{Name: "an hour", Numbers: n}}))
	// Output:
	// | Merge | an hour |
	// |---|--:|
	// | dbt's MERGE | 400 GB, $2.27 |
	// | dbt's MERGE, at the least | 19 GB, $0.11 |
	// | key scan | 10 GB, $0.06 |
	// | ours | 3 GB, $0.01 |
}

func TestTheDocumentHoldsTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/merge-cost.md")
	require.NoError(t, err)
	table := mergecost.Table(mergecost.Hours(mergecost.Typical()))
	assert.Contains(t, string(page), table, "docs/merge-cost.md must hold:\n%s", table)
}
