//go:build chromium

// Package pages looks at what people see in a browser. It needs Chromium; see
// "make test-report".
package pages

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/report"
)

var (
	pictures = flag.String("pictures", "", "folder to put a picture of each page in")
	other    = flag.String("page", "", "file of a report to look at, in place of one made for the test")
)

// patience is how long one look may take on a slow machine.
const patience = 2 * time.Minute

// days is how many days the page shows.
const days = 14

//go:embed look.js
var lookScript string

// seen is what look.js returns.
type seen struct {
	Overflow  float64  `json:"overflow"`
	Scrolling []string `json:"scrolling"`
	Spilling  []string `json:"spilling"`
	Pale      []string `json:"pale"`
	Dark      bool     `json:"dark"`
	Bars      int      `json:"bars"`
	Cells     []struct {
		About    string  `json:"about"`
		Width    float64 `json:"width"`
		Height   float64 `json:"height"`
		Contrast float64 `json:"contrast"`
	} `json:"cells"`
}

// page serves the report as a worker does.
func page(t *testing.T) string {
	t.Helper()
	handler := report.Handler(tables{time.Now().UTC()}, report.Options{
		Table: "posthog.tracks", Days: days, Late: 3 * time.Hour, Warn: 2 * time.Hour, Error: 4 * time.Hour,
		UI: "http://127.0.0.1:8080", Namespace: "default",
	})
	if *other != "" {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'") // no icon is asked for
			http.ServeFile(w, r, *other)
		})
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + report.Path
}

// browser is a running Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.WSURLReadTimeout(patience))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it has none for root, as in a container
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Run(ctx), "start Chromium")
	return ctx
}

// complaints collects what a browser complains of, and what it fetches besides the page.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) addf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

func (c *complaints) listen(ctx context.Context, page string) {
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			c.addf("console: %s", e.Type)
		case *runtime.EventExceptionThrown:
			c.addf("exception: %s", e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			c.addf("%s: %s (%s)", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		case *network.EventRequestWillBeSent:
			if e.Request.URL != page {
				c.addf("fetches %s", e.Request.URL)
			}
		}
	})
}

// The report is whole and readable in both colour schemes, on a desk and on a phone.
func TestReportInABrowser(t *testing.T) {
	url, chromium := page(t), browser(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, screen := range []struct {
			name          string
			width, height int64
		}{{"desk", 1280, 900}, {"phone", 390, 844}} {
			t.Run(scheme+" "+screen.name, func(t *testing.T) {
				ctx, cancel := chromedp.NewContext(chromium)
				defer cancel()
				ctx, stop := context.WithTimeout(ctx, patience)
				defer stop()
				var heard complaints
				heard.listen(ctx, url)
				var look seen
				var picture []byte
				require.NoError(t, chromedp.Run(ctx, network.Enable(), log.Enable(),
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.EmulateViewport(screen.width, screen.height),
					chromedp.Navigate(url), chromedp.Evaluate(lookScript, &look), chromedp.FullScreenshot(&picture, 100)))
				if *pictures != "" {
					require.NoError(t, os.WriteFile(filepath.Join(*pictures, scheme+"-"+screen.name+".png"), picture, 0o600))
				}
				assert.Empty(t, heard.all)
				judge(t, look, scheme == "dark", screen.name == "desk")
			})
		}
	}
}

func judge(t *testing.T, look seen, dark, wide bool) {
	t.Helper()
	assert.Equal(t, dark, look.Dark, "the page follows the reader's colour scheme")
	assert.LessOrEqual(t, look.Overflow, 0.0, "the page is wider than the screen")
	assert.Empty(t, look.Spilling, "text that leaves its frame")
	assert.Empty(t, look.Pale, "text that is hard to read: its contrast is below 4.5")
	assert.Positive(t, look.Bars, "bars of charts")
	if wide {
		assert.Empty(t, look.Scrolling, "tables that do not fit")
	}
	if *other == "" {
		assert.Greater(t, len(look.Cells), 24*(days-1), "cells of the heat map")
	}
	for _, cell := range look.Cells {
		assert.NotEmpty(t, cell.About)
		assert.Greater(t, cell.Width, 12.0, cell.About)
		assert.Greater(t, cell.Height, 12.0, cell.About)
		assert.Greater(t, cell.Contrast, 1.1, "%s: it cannot be told from the page", cell.About)
	}
}
