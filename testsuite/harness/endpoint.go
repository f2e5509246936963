package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// served is the log line of a worker that serves its metrics.
var served = []byte(`"metrics and health are served"`)

// Get asks the worker that started last for a page of its endpoint, such as
// /metrics, and returns the status and the body.
func (r *Rig) Get(ctx context.Context, path string) (status int, body string, err error) {
	address, err := r.endpoint()
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		return 0, "", fmt.Errorf("ask worker for %s: %w", path, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("ask worker for %s: %w", path, err)
	}
	content, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return 0, "", fmt.Errorf("read %s of worker: %w", path, err)
	}
	return answer.StatusCode, string(content), nil
}

// endpoint is the address that the newest worker logged.
func (r *Rig) endpoint() (string, error) {
	content, err := os.ReadFile(r.WorkerLog)
	if err != nil {
		return "", fmt.Errorf("read worker log: %w", err)
	}
	var line struct {
		Address string `json:"address"`
	}
	for one := range bytes.Lines(content) {
		if !bytes.Contains(one, served) {
			continue
		}
		if err := json.Unmarshal(one, &line); err != nil {
			return "", fmt.Errorf("read worker log: %w", err)
		}
	}
	if line.Address == "" {
		return "", errors.New("no worker has said where it serves its metrics")
	}
	return line.Address, nil
}

// Running is how many workers have said that they run.
func (r *Rig) Running() int {
	content, _ := os.ReadFile(r.WorkerLog)
	return bytes.Count(content, []byte(`"worker is running"`))
}
