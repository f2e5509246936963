package devstack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Process is a stack in a process of its own, which a test may kill. It ends with the process that started it.
type Process struct {
	Endpoints

	command *exec.Cmd
	stdin   io.Closer    // its end tells the process that nobody is left to stop it
	stderr  bytes.Buffer // complete once the process has ended
	ended   chan struct{}
	err     error // how it ended
}

// StartProcess runs the devstack command at a path and returns when its stack answers. The context bounds the start
// and not the life of the process. The logger of the options is not used.
func StartProcess(ctx context.Context, binary string, opts Options) (*Process, error) {
	p := &Process{ended: make(chan struct{})}
	//nolint:gosec,noctx // running the given binary is the purpose, and it outlives the context
	p.command = exec.Command(binary, append(opts.args(), "--json", "--until-stdin-ends")...)
	p.command.Stderr = &p.stderr
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start dev stack process: %w", err)
	}
	ready := make(chan error, 1)
	go p.run(stdout, ready)
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start dev stack process: %w", err), p.Kill())
	}
	return p, nil
}

// run reads the endpoints, which are the first line, and then waits for the end of the process.
func (p *Process) run(stdout io.Reader, ready chan<- error) {
	defer close(p.ended)
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &p.Endpoints)
	}
	if err == nil {
		ready <- nil
	}
	p.err = p.command.Wait()
	if err != nil {
		ready <- fmt.Errorf("read endpoints: %w: %s", err, bytes.TrimSpace(p.stderr.Bytes()))
	}
}

// Kill ends the process as a crash would, and returns when it is gone.
func (p *Process) Kill() error {
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill dev stack process: %w", err)
	}
	<-p.ended
	return nil
}

// Stop ends the process gracefully, and fails when it did not exit with zero.
func (p *Process) Stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop dev stack process: %w", err)
	}
	<-p.ended
	if p.err != nil {
		return fmt.Errorf("stop dev stack process: %w: %s", p.err, bytes.TrimSpace(p.stderr.Bytes()))
	}
	return nil
}
