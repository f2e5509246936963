package fakegcs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Seeder puts objects into a fake that may run in another process.
type Seeder struct {
	url string
}

// NewSeeder takes the fake's address as STORAGE_EMULATOR_HOST has it, with or without a scheme.
func NewSeeder(emulatorHost string) *Seeder {
	if !strings.Contains(emulatorHost, "://") {
		emulatorHost = "http://" + emulatorHost
	}
	return &Seeder{url: strings.TrimSuffix(emulatorHost, "/")}
}

// PutObject stores an object as if it had been uploaded at the given time, which counts to the millisecond as in the
// real service and may be zero for now. It makes the bucket when that is missing and returns the object's generation.
// An object of the same name is replaced, and its generation can no longer be read unless the bucket is versioned.
func (s *Seeder) PutObject(
	ctx context.Context, bucket, object string, content io.Reader, updated time.Time,
) (generation int64, err error) {
	if updated.IsZero() {
		updated = time.Now()
	}
	query := url.Values{updatedParameter: {updated.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)}}
	var answer seeded
	if err := s.do(ctx, http.MethodPut, bucket, object, query, content, &answer); err != nil {
		return 0, fmt.Errorf("put object %s/%s: %w", bucket, object, err)
	}
	return answer.Generation, nil
}

// DeleteObject removes an object, and fails when there is none.
func (s *Seeder) DeleteObject(ctx context.Context, bucket, object string) error {
	if err := s.do(ctx, http.MethodDelete, bucket, object, nil, nil, &seeded{}); err != nil {
		return fmt.Errorf("delete object %s/%s: %w", bucket, object, err)
	}
	return nil
}

func (s *Seeder) do(
	ctx context.Context, method, bucket, object string, query url.Values, content io.Reader, answer *seeded,
) (err error) {
	target := s.url + seedPath + url.PathEscape(bucket) + "/" + url.PathEscape(object) + "?" + query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, err := io.ReadAll(io.LimitReader(response.Body, 1000))
		if err != nil {
			return err
		}
		return fmt.Errorf("storage answered %s: %s", response.Status, strings.TrimSpace(string(reason)))
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
