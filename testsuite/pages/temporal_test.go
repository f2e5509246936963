//go:build chromium

package pages

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	chrome "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

//go:embed visible.js
var visibleScript string

// temporalUI is Temporal's web interface in a browser, used as a person does: by what
// can be seen, with the mouse and the keyboard.
type temporalUI struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the browser's tab
	url string          // of the list of workflows
	// pictures counts those that were taken.
	pictures int
}

// openUI opens a tab of a size that laptops have.
func openUI(chromium context.Context, t *testing.T, url string) *temporalUI {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 5*patience)
	t.Cleanup(stop)
	u := &temporalUI{t: t, ctx: ctx, url: url + "/namespaces/default/workflows"}
	u.do(chromedp.EmulateViewport(1280, 900), chrome.BringToFront(), emulation.SetFocusEmulationEnabled(true))
	return u
}

func (u *temporalUI) do(actions ...chromedp.Action) {
	u.t.Helper()
	require.NoError(u.t, chromedp.Run(u.ctx, actions...))
}

// place is where something is on the screen.
type place struct{ X, Y float64 }

// find waits until something can be seen and stands still, and returns where. text is
// what its first line says, empty for anything.
func (u *temporalUI) find(selector, text string) place {
	u.t.Helper()
	var last *place
	for until := time.Now().Add(patience / 4); time.Now().Before(until); {
		var now *place
		var frame []byte // nothing fades in while nobody looks
		u.do(chromedp.CaptureScreenshot(&frame), chromedp.Evaluate(fmt.Sprintf("(%s)(%q, %q)", visibleScript, selector, text), &now))
		if now != nil && last != nil && *now == *last {
			return *now
		}
		last = now
	}
	u.picture("lost")
	require.Fail(u.t, "nobody can see it", "%s %q", selector, text)
	return place{}
}

// press clicks on what can be seen.
func (u *temporalUI) press(selector, text string) {
	u.t.Helper()
	at := u.find(selector, text)
	u.do(chromedp.MouseClickXY(at.X, at.Y))
}

// paste puts text into a field, as from the clipboard.
func (u *temporalUI) paste(selector, text string) {
	u.t.Helper()
	u.press(selector, "")
	u.do(chromedp.ActionFunc(func(ctx context.Context) error { return input.InsertText(text).Do(ctx) }))
}

// says waits until the page says something, and fails with what it says instead.
func (u *temporalUI) says(selector, text string) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.ctx, patience/4)
	defer cancel()
	var said string
	for !strings.Contains(said, text) {
		err := chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf("[...document.querySelectorAll(%q)].map((e) => e.innerText).join()", strings.TrimSpace(selector)), &said))
		if err != nil {
			u.picture("lost")
			require.NoError(u.t, err, "nothing says %q in %q", text, said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// start fills in the page that starts workflows. The button moves when the editor is
// left and puts the JSON in lines, so the editor comes first.
func (u *temporalUI) start(p pasted) {
	u.t.Helper()
	u.do(chromedp.Navigate(u.url + "/start-workflow"))
	u.paste(".cm-content", p.json)
	u.paste("#workflowId", p.id)
	u.paste("#taskQueue", p.queue)
	u.paste("#workflowType", p.kind)
	u.picture("start-" + p.kind)
	u.press("[data-testid=start-workflow-button]", "")
}

// open opens the page of a run.
func (u *temporalUI) open(id, runID string) {
	u.t.Helper()
	u.do(chromedp.Navigate(u.url + "/" + id + "/" + runID + "/history"))
}

// dialog is where updates are sent from.
const dialog = "[data-testid=update-confirmation-modal] "

// update sends a run an update, from its page. The dialog stays, with what came of it.
func (u *temporalUI) update(runID string, p pasted) {
	u.t.Helper()
	u.open(p.id, runID)
	u.press("button", "More Actions")
	u.press("[role=menuitem]", "Send an Update")
	u.press(dialog+"[data-testid=update-select-button]", "")
	u.press(dialog+"[role=option]", p.update)
	if p.json != "" {
		u.paste(dialog+".cm-content", p.json)
		u.press(dialog+"#update-id", "") // out of the editor
	}
	u.press(dialog+"[data-testid=confirm-modal-button]", "")
}

// picture keeps what is seen, if somebody wants to look at it.
func (u *temporalUI) picture(name string) {
	u.t.Helper()
	if *pictures == "" {
		return
	}
	u.pictures++
	var picture []byte
	u.do(chromedp.CaptureScreenshot(&picture))
	require.NoError(u.t, os.WriteFile(filepath.Join(*pictures, fmt.Sprintf("ui-%02d-%s.png", u.pictures, name)), picture, 0o600))
}
