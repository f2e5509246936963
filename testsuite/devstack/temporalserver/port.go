package temporalserver

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"go.temporal.io/server/common/testing/freeport"
)

const loopback = "127.0.0.1"

// choosePort returns a free port, or the wanted one when that is free. Temporal opens its listeners itself and panics
// when it cannot, so a port that is taken has to be found before.
func choosePort(ctx context.Context, wanted int) (int, error) {
	if wanted == 0 {
		return freeport.MustGetFreePort(), nil
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", loopbackAddress(wanted))
	if err != nil {
		return 0, fmt.Errorf("take port %d, stop what uses it or choose another: %w", wanted, err)
	}
	return wanted, listener.Close()
}

func loopbackAddress(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
