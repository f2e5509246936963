package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Worker is a running worker process.
type Worker struct {
	command *exec.Cmd
	log     *os.File
	ended   chan struct{}
	err     error // how it ended, once ended is closed
}

// StartWorker starts a worker. Its log is appended to WorkerLog.
func (r *Rig) StartWorker() (*Worker, error) {
	log, err := os.OpenFile(r.WorkerLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open worker log: %w", err)
	}
	command := exec.Command(r.options.Binaries.Worker) //nolint:gosec,noctx // it is ended by Stop or Kill
	command.Env, command.Stderr, command.Stdout = r.Environment(), log, log
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start worker: %w", err), log.Close())
	}
	w := &Worker{command: command, log: log, ended: make(chan struct{})}
	go func() {
		w.err = command.Wait()
		close(w.ended)
	}()
	return w, nil
}

// Pid is the process id.
func (w *Worker) Pid() int { return w.command.Process.Pid }

// Ended is closed when the worker has ended, however it came to that.
func (w *Worker) Ended() <-chan struct{} { return w.ended }

// Kill ends the worker as a crash would, and returns when it is gone.
func (w *Worker) Kill() error {
	if err := w.command.Process.Kill(); err != nil {
		return fmt.Errorf("kill worker: %w", err)
	}
	<-w.ended
	return w.log.Close()
}

// Stop asks the worker to end and waits until it has. A worker that has failed, or
// fails to end in order, is an error.
func (w *Worker) Stop() error {
	if err := w.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop worker: %w", err)
	}
	<-w.ended
	if w.err != nil {
		return errors.Join(fmt.Errorf("worker ended: %w (see %s)", w.err, w.log.Name()), w.log.Close())
	}
	return w.log.Close()
}
