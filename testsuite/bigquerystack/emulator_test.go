package bigquerystack

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// actsVariable makes this test's binary act as the emulator.
const actsVariable = "ACT_AS_EMULATOR"

func TestMain(m *testing.M) {
	if os.Getenv(actsVariable) == "" {
		os.Exit(m.Run())
	}
	flags := flag.NewFlagSet("start", flag.ExitOnError)
	port := flags.Int("rest-port", 0, "")
	flags.Int("grpc-port", 0, "")
	flags.String("log-level", "", "")
	_ = flags.Parse(os.Args[2:])
	healthy := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", *port), healthy))
}

// emulator makes a virtual environment whose bqemulator ends at once so many times.
func emulator(t *testing.T, failures int) Options {
	t.Helper()
	t.Setenv(actsVariable, "yes")
	venv := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho failed >> %[1]s/starts\n[ $(wc -l < %[1]s/starts) -gt %[2]d ] || exit 1\nexec %[3]s \"$@\"\n",
		venv, failures, os.Args[0])
	require.NoError(t, os.Mkdir(filepath.Join(venv, "bin"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(venv, "bin", "bqemulator"), []byte(script), 0o700))
	return Options{Venv: venv, StorageRoot: t.TempDir(), Log: filepath.Join(venv, "log")}
}

// An emulator that found its port taken is started again.
func TestEmulatorThatEndsIsStartedAgain(t *testing.T) {
	s, err := Start(t.Context(), emulator(t, starts-1))
	require.NoError(t, err)
	require.NoError(t, s.Stop())
}

func TestEmulatorThatAlwaysEndsIsGivenUp(t *testing.T) {
	_, err := Start(t.Context(), emulator(t, starts))
	require.ErrorIs(t, err, errEnded)
	assert.ErrorContains(t, err, "start bqemulator")
}
