// Package harness runs the product as its users do: its own processes, built from
// this checkout, against a dev stack. The demo and the end-to-end tests share it.
package harness

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Binaries are the product's processes.
type Binaries struct{ Worker, Starter string }

// Build compiles the product into a directory.
func Build(ctx context.Context, dir string) (Binaries, error) {
	built := Binaries{Worker: filepath.Join(dir, "worker"), Starter: filepath.Join(dir, "starter")}
	for name, path := range map[string]string{"worker": built.Worker, "starter": built.Starter} {
		if err := build(ctx, root(), "./"+name, path); err != nil {
			return Binaries{}, err
		}
	}
	return built, nil
}

// BuildStack compiles the devstack command into a directory and returns its path.
func BuildStack(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "devstack")
	return path, build(ctx, filepath.Join(root(), "testsuite"), "./cmd/devstack", path)
}

func build(ctx context.Context, module, name, path string) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", path, name) //nolint:gosec // fixed names
	command.Dir = module
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, output)
	}
	return nil
}

// root is the top of the checkout, found from this file.
func root() string {
	_, file, _, _ := runtime.Caller(0) //nolint:dogsled // the file is all that matters
	return filepath.Join(filepath.Dir(file), "..", "..")
}
