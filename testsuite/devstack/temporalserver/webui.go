package temporalserver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// UI is Temporal's web interface, running.
type UI struct {
	server *server.Server
	url    string
	done   chan struct{}
}

// StartUI serves the web UI of the Temporal server at an address, on a port of 127.0.0.1 where zero means a free one,
// and returns when it answers. It asks nothing of the internet: no news, no check for new versions.
func StartUI(ctx context.Context, temporalAddress, namespace string, port int) (*UI, error) {
	port, err := choosePort(ctx, port)
	if err != nil {
		return nil, fmt.Errorf("start web ui: %w", err)
	}
	ui := &UI{
		server: server.NewServer(server_options.WithConfigProvider(&config.Config{
			TemporalGRPCAddress: temporalAddress,
			Host:                loopback,
			Port:                port,
			EnableUI:            true,
			DefaultNamespace:    namespace,
			DisableNewsFetch:    true,
			NotifyOnNewVersion:  false,
			HideLogs:            true,
			CORS:                config.CORS{CookieInsecure: true}, // loopback has no TLS
		})),
		url:  "http://" + loopbackAddress(port),
		done: make(chan struct{}),
	}
	go func() {
		defer close(ui.done)
		_ = ui.server.Start() // it never returns an error: it ends the process when it cannot listen
	}()
	if err := ui.awaitHealth(ctx); err != nil {
		ui.Stop()
		return nil, fmt.Errorf("start web ui: %w", err)
	}
	return ui, nil
}

func (u *UI) awaitHealth(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url+"/healthz", http.NoBody)
	if err != nil {
		return err
	}
	for {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL of the first page.
func (u *UI) URL() string { return u.url }

// Stop frees the port.
func (u *UI) Stop() {
	u.server.Stop()
	<-u.done
}
