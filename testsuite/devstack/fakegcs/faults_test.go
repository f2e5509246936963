package fakegcs

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFailSpoilsSoManyRequests(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	object := newClient(t, server).Object(name)
	seedObject(t, server, name, "x", time.Time{})
	fault := server.Faults.Inject(Fault{On: Attrs, Object: ".parquet", Times: 2, Effect: Fail(http.StatusForbidden)})

	for range 2 {
		_, err := object.Attrs(t.Context())
		assertStatus(t, http.StatusForbidden, err)
		_, err = read(t, object)
		require.NoError(t, err, "another operation is not spoilt")
	}
	_, err := object.Attrs(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, fault.Hits())
}

func TestFaultsMatchOperationsAndNames(t *testing.T) {
	t.Parallel()
	cases := map[Operation]func(ctx context.Context, client *storage.BucketHandle) error{
		Upload: func(ctx context.Context, client *storage.BucketHandle) error {
			return client.Object("new").NewWriter(ctx).Close()
		},
		Download: func(ctx context.Context, client *storage.BucketHandle) error {
			reader, err := client.Object(name).NewReader(ctx)
			if err == nil {
				err = reader.Close()
			}
			return err
		},
		Attrs: func(ctx context.Context, client *storage.BucketHandle) error {
			_, err := client.Object(name).Attrs(ctx)
			return err
		},
		List: func(ctx context.Context, client *storage.BucketHandle) error {
			_, err := client.Objects(ctx, nil).Next()
			return err
		},
		Delete: func(ctx context.Context, client *storage.BucketHandle) error {
			return client.Object(name).Delete(ctx)
		},
		Other: func(ctx context.Context, client *storage.BucketHandle) error {
			_, err := client.Attrs(ctx)
			return err
		},
	}
	for operation, do := range cases {
		t.Run(string(operation), func(t *testing.T) {
			t.Parallel()
			server := start(t, Options{})
			client := newClient(t, server)
			seedObject(t, server, name, "x", time.Time{})
			elsewhere := server.Faults.Inject(Fault{On: operation, Object: "elsewhere", Effect: Fail(http.StatusForbidden)})
			server.Faults.Inject(Fault{On: operation, Effect: Fail(http.StatusForbidden)})
			assertStatus(t, http.StatusForbidden, do(t.Context(), client))
			require.NoError(t, do(t.Context(), client))
			assert.Zero(t, elsewhere.Hits())
		})
	}
}

func TestClearEndsAFaultWithoutEnd(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	object := newClient(t, server).Object(name)
	seedObject(t, server, name, "x", time.Time{})
	fault := server.Faults.Inject(Fault{Times: -1, Effect: Fail(http.StatusForbidden)})
	for range 3 {
		_, err := object.Attrs(t.Context())
		assertStatus(t, http.StatusForbidden, err)
	}
	server.Faults.Clear()
	_, err := object.Attrs(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, fault.Hits())
}

func TestClientRetriesUnavailable(t *testing.T) {
	t.Parallel()
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			seedObject(t, server, name, "x", time.Time{})
			fault := server.Faults.Inject(Fault{On: Download, Times: 1, Effect: Fail(http.StatusServiceUnavailable)})
			content, err := read(t, client.Object(name))
			require.NoError(t, err)
			assert.Equal(t, "x", content)
			assert.Equal(t, 1, fault.Hits())
		})
	}
}

func TestDelayOutlastsAnImpatientClient(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	object := newClient(t, server).Object(name)
	seedObject(t, server, name, "x", time.Time{})
	server.Faults.Inject(Fault{On: Attrs, Effect: Delay(time.Hour)})
	server.Faults.Inject(Fault{On: Attrs, Effect: Delay(50 * time.Millisecond)})

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := object.Attrs(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	began := time.Now()
	_, err = object.Attrs(t.Context())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)
}

func TestClientResumesACutDownload(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 100_000)
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			generation := seedObject(t, server, name, content, time.Time{})
			fault := server.Faults.Inject(Fault{On: Download, Times: 2, Effect: Cut(300_000)})
			got, err := read(t, client.Object(name).Generation(generation))
			require.NoError(t, err)
			assert.Equal(t, checksum(content), checksum(got), "the pieces fit together")
			assert.Equal(t, 2, fault.Hits())
		})
	}
}

func TestOverwriteDuringACutDownloadIsNoticed(t *testing.T) {
	t.Parallel()
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			generation := seedObject(t, server, name, strings.Repeat("before", 100_000), time.Time{})
			server.Faults.Inject(Fault{On: Download, Effect: Cut(300_000)})
			reader, err := client.Object(name).Generation(generation).NewReader(t.Context())
			require.NoError(t, err)
			defer reader.Close()
			seedObject(t, server, name, strings.Repeat("after ", 100_000), time.Time{})
			_, err = io.Copy(io.Discard, reader)
			require.Error(t, err)
		})
	}
}

func TestClientNoticesAFlippedByte(t *testing.T) {
	t.Parallel()
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			seedObject(t, server, name, "0123456789", time.Time{})
			server.Faults.Inject(Fault{On: Download, Effect: Flip(4)})
			_, err := read(t, client.Object(name))
			require.ErrorContains(t, err, "bad CRC")
		})
	}
}

// A checksum covers an object, not a part of it: whoever reads by ranges has to check for himself.
func TestClientOverlooksAFlippedByteInARange(t *testing.T) {
	t.Parallel()
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			seedObject(t, server, name, "0123456789", time.Time{})
			server.Faults.Inject(Fault{On: Download, Effect: Flip(1)})
			content, err := readRange(t, client.Object(name), 2, 4)
			require.NoError(t, err)
			assert.Equal(t, "2245", content)
		})
	}
}

func TestCutBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	seedObject(t, server, "a", "x", time.Time{})
	server.Faults.Inject(Fault{On: Download, Effect: Cut(0)})
	response, err := http.Get(server.URL() + "/exports/a")
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
