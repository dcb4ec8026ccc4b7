package control

import (
	"errors"
	"os"
	"path/filepath"
)

// replaceFile writes a private file of the data directory so that a reader
// sees the old content or the new one, and returns its path.
func replaceFile(dir, name string, content []byte) (string, error) {
	f, err := os.CreateTemp(dir, "."+name+"-*") // created 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		path := filepath.Join(dir, name)
		if err = os.Rename(f.Name(), path); err == nil {
			return path, nil
		}
	}
	return "", errors.Join(err, os.Remove(f.Name()))
}
