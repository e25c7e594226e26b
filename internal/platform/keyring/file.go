package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// largest is the size in bytes beyond which a file is no keyring.
const largest = 1 << 20

// read takes in a file, looking at the rights of the very file it reads.
func read(path string) (content, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return nil, fmt.Errorf("%w: %s is no file of at most %d bytes", ErrDamaged, path, largest)
	}
	if exposed := info.Mode().Perm() & 0o077; exposed != 0 && runtime.GOOS != "windows" { // there, rights are elsewhere
		return nil, fmt.Errorf("%w: %s has mode %#o", ErrExposed, path, info.Mode().Perm())
	}
	raw, err := io.ReadAll(io.LimitReader(f, largest))
	if err != nil {
		return nil, fmt.Errorf("keyring: read: %w", err)
	}
	c, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// write puts the content in the file's place in one step: after a crash there is the old file or the new one, whole.
// With fresh, a file already there is refused.
func (c content) write(path string, fresh bool) error {
	return exclusively(path, func(next *os.File) error {
		if fresh {
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("keyring: %s: %w", path, fs.ErrExist)
			}
		}
		return c.writeTo(next)
	})
}

// update reads the file and writes what fn makes of it, with no other writer between.
func update(path string, fn func(content) content) (content, error) {
	var c content
	err := exclusively(path, func(next *os.File) error {
		was, err := read(path)
		if err != nil {
			return err
		}
		c = fn(was)
		return c.writeTo(next)
	})
	return c, err
}

func (c content) writeTo(f *os.File) error {
	raw, err := c.encode()
	if err != nil {
		return err
	}
	if _, err := f.Write(raw); err != nil {
		return fmt.Errorf("keyring: write: %w", err)
	}
	return nil
}

// exclusively lets fn fill the file that will take path's place. The name of that file is the lock: whoever makes it
// writes, everybody else is told that the keyring is busy.
func exclusively(path string, fn func(*os.File) error) error {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: if no other cobuild is at it, remove %s", ErrBusy, temp)
	}
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	err = errors.Join(fill(f, fn), f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncFolder(filepath.Dir(path))
}

func fill(f *os.File, fn func(*os.File) error) error {
	if err := fn(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("keyring: sync: %w", err)
	}
	return nil
}

// syncFolder makes the new name last. Some systems cannot sync a folder; there the rename has to do.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	_ = d.Sync()
	return d.Close()
}
