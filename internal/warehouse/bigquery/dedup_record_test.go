package bigquery

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

func TestSnapshotsThatMayNotBeDroppedAreLeft(t *testing.T) {
	t.Parallel()
	for answer, refused := range map[int]bool{
		http.StatusNoContent: false, http.StatusNotFound: false, http.StatusForbidden: false, http.StatusBadRequest: true,
	} {
		t.Run(http.StatusText(answer), func(t *testing.T) {
			t.Parallel()
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				assert.Equal(t, http.MethodDelete, r.Method)
				w.WriteHeader(answer)
				if answer != http.StatusNoContent {
					fmt.Fprintf(w, `{"error": {"code": %d, "message": "no", "errors": [{"reason": "a reason"}]}}`, answer)
				}
			}))
			t.Cleanup(server.Close)
			w, err := Open(t.Context(), Options{Project: testProject, Tables: warehouse.DefaultTables(), Endpoint: server.URL})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, w.Close()) })
			err = w.dropSnapshot(t.Context(), "tracks_before_dedup")
			assert.Equal(t, 1, asked)
			if refused {
				require.ErrorContains(t, err, "drop snapshot tracks_before_dedup")
			} else {
				require.NoError(t, err)
			}
		})
	}
}
