package fakegcs

import (
	"io"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConditionalReads(t *testing.T) {
	t.Parallel()
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			stale := seedObject(t, server, name, "before", time.Time{})
			live := seedObject(t, server, name, "after", time.Time{})
			object := client.Object(name)

			content, err := read(t, object.If(storage.Conditions{GenerationMatch: live}))
			require.NoError(t, err)
			assert.Equal(t, "after", content)
			_, err = read(t, object.If(storage.Conditions{GenerationMatch: stale}))
			assertStatus(t, http.StatusPreconditionFailed, err)
			_, err = read(t, client.Object("missing").If(storage.Conditions{GenerationMatch: live}))
			require.ErrorIs(t, err, storage.ErrObjectNotExist)

			_, err = object.If(storage.Conditions{GenerationMatch: live}).Attrs(t.Context())
			require.NoError(t, err)
			_, err = object.If(storage.Conditions{GenerationMatch: stale}).Attrs(t.Context())
			assertStatus(t, http.StatusPreconditionFailed, err)
			_, err = object.If(storage.Conditions{GenerationNotMatch: stale}).Attrs(t.Context())
			require.NoError(t, err)
			_, err = object.If(storage.Conditions{GenerationNotMatch: live}).Attrs(t.Context())
			assertStatus(t, http.StatusNotModified, err)
		})
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	for label, variant := range backends(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			_, client := variant.start(t)
			object := client.Object(name)
			write := func(conditions storage.Conditions) (int64, error) {
				writer := object.If(conditions).NewWriter(t.Context())
				_, err := io.WriteString(writer, "x")
				require.NoError(t, err)
				err = writer.Close()
				if err != nil {
					return 0, err
				}
				return writer.Attrs().Generation, nil
			}
			first, err := write(storage.Conditions{DoesNotExist: true})
			require.NoError(t, err)
			_, err = write(storage.Conditions{DoesNotExist: true})
			assertStatus(t, http.StatusPreconditionFailed, err)
			second, err := write(storage.Conditions{GenerationMatch: first})
			require.NoError(t, err)

			assertStatus(t, http.StatusPreconditionFailed,
				object.If(storage.Conditions{GenerationMatch: first}).Delete(t.Context()))
			assertStatus(t, http.StatusPreconditionFailed,
				object.If(storage.Conditions{GenerationNotMatch: second}).Delete(t.Context()))
			require.NoError(t, object.If(storage.Conditions{GenerationMatch: second}).Delete(t.Context()))
		})
	}
}
