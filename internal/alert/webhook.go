// Package alert tells people what went wrong, through a webhook that takes Slack's
// messages.
package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// timeout is how long the receiver may take.
const timeout = 20 * time.Second

// Webhook posts messages to a URL. The URL is a secret: whoever has it can post.
type Webhook struct{ url string }

// Read reads the URL from a file. No file is no webhook, which is nil.
func Read(file string) (*Webhook, error) {
	if file == "" {
		return nil, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the webhook's URL: %w", err)
	}
	address := strings.TrimSpace(string(content))
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return nil, fmt.Errorf("file %s does not hold the URL of a webhook", file)
	}
	return &Webhook{url: address}, nil
}

// Post sends a text in Slack's markup. Errors leave the URL out.
func (w *Webhook) Post(ctx context.Context, text string) error {
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return fmt.Errorf("encode the alert: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("address the alert: the webhook's URL cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if failure, ok := errors.AsType[*url.Error](err); ok {
			err = failure.Err
		}
		return fmt.Errorf("post the alert: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("post the alert: the webhook answered %s", response.Status)
	}
	return nil
}
