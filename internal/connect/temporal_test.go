package connect

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// guarded answers as Temporal does when a client connects, to those it knows.
type guarded struct {
	workflowservice.UnimplementedWorkflowServiceServer

	apiKey string
}

func (g *guarded) GetSystemInfo(ctx context.Context, _ *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	said, _ := metadata.FromIncomingContext(ctx)
	if g.apiKey != "" && (len(said.Get("authorization")) != 1 || said.Get("authorization")[0] != "Bearer "+g.apiKey) {
		return nil, status.Error(codes.PermissionDenied, "who are you?")
	}
	return &workflowservice.GetSystemInfoResponse{}, nil
}

// serve starts a server with TLS and returns its address.
func serve(t *testing.T, rules *tls.Config, g *guarded) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(rules)))
	workflowservice.RegisterWorkflowServiceServer(server, g)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// dial connects with what the environment says.
func dial(t *testing.T) error {
	t.Helper()
	options, err := TemporalOptions(slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	temporal, err := Temporal(t.Context(), options)
	if err == nil {
		temporal.Close()
	}
	return err
}

// apart keeps a profile file of the person who runs the test out of it.
func apart(t *testing.T, environment map[string]string) {
	t.Helper()
	t.Setenv("TEMPORAL_CONFIG_FILE", t.TempDir()+"/none.toml")
	for name, value := range environment {
		t.Setenv(name, value)
	}
}

func TestMutualTLSByTheEnvironment(t *testing.T) {
	authority := newAuthority(t)
	address := serve(t, &tls.Config{
		Certificates: []tls.Certificate{authority.issue(t, "temporal.internal").pair(t)},
		ClientCAs:    authority.pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}, &guarded{})
	worker := authority.issue(t, "worker")
	apart(t, map[string]string{
		"TEMPORAL_ADDRESS": address, "TEMPORAL_TLS": "true",
		"TEMPORAL_TLS_SERVER_CA_CERT_PATH": authority.file(t), "TEMPORAL_TLS_SERVER_NAME": "temporal.internal",
	})

	require.ErrorContains(t, dial(t), "for a server with TLS, TEMPORAL_TLS", "no certificate of its own")

	t.Setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", worker.certificate)
	t.Setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", worker.key)
	require.NoError(t, dial(t))

	t.Setenv("TEMPORAL_TLS_SERVER_NAME", "somebody.else")
	require.ErrorContains(t, dial(t), "temporal.internal", "the server is not who it should be")
}

func TestAPIKeysByTheEnvironment(t *testing.T) {
	authority := newAuthority(t)
	address := serve(t, &tls.Config{
		Certificates: []tls.Certificate{authority.issue(t, "temporal.internal").pair(t)}, MinVersion: tls.VersionTLS12,
	}, &guarded{apiKey: "the right one"})
	apart(t, map[string]string{
		"TEMPORAL_ADDRESS":                 address,
		"TEMPORAL_TLS_SERVER_CA_CERT_PATH": authority.file(t), "TEMPORAL_TLS_SERVER_NAME": "temporal.internal",
	})

	t.Setenv("TEMPORAL_API_KEY", "a wrong one")
	err := dial(t)
	require.ErrorContains(t, err, "check TEMPORAL_API_KEY")
	assert.NotContains(t, err.Error(), "a wrong one", "no key in an error")

	t.Setenv("TEMPORAL_API_KEY", "the right one")
	require.NoError(t, dial(t), "TLS is implied")
}
