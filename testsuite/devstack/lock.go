package devstack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// lockDir keeps a second stack out of a directory until the lock is closed or the process ends, however it ends.
func lockDir(path string) (lock io.Closer, err error) {
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	file, err := dir.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = fmt.Errorf("lock %s, stop the dev stack that uses it or choose another directory: %w", path, err)
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
