// Package desktop makes the program at home on each system: one running copy,
// tray, notifications, login item, the window's place. It knows no window
// toolkit: app.go has that. What needs a tag of the desktop build stands in
// files of its own, so that a plain build and its tests do without.
package desktop

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"omniroute/backend/fault"
)

// What a second start can ask of the first.
const (
	AskOpen = "open" // show the window
	AskQuit = "quit" // end; answered when the request was taken
)

// Ask is what a second start says to the running copy.
type Ask struct {
	Do   string   `json:"do"`
	Args []string `json:"args,omitempty"` // its command line
}

const (
	instanceLock   = "window.lock"
	instanceSocket = "window.sock"
	maxAsk         = 64 << 10
	askTime        = 5 * time.Second
	dialTime       = time.Second // from the lock of a starting copy to its socket
	maxSocketPath  = 100         // bytes; systems allow 104 and up
)

// ErrRunning says that another copy holds the data directory.
var ErrRunning = errors.New("desktop: a copy is already running")

// Instance is the lock of the one running copy and its ear for others.
type Instance struct {
	lock     *flock.Flock
	listener net.Listener
	path     string
	asks     chan Ask
}

// Acquire takes the lock of a data directory, which it makes when it is not
// there. It comes before everything else that is opened (desktop.md 3.5). Of
// two that start at once, one gets ErrRunning.
func Acquire(dataDir string) (*Instance, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Internal, "desktop.lock", err, "The data directory "+dataDir+" cannot be made. Check DATA_DIR and its permissions.")
	}
	lock := flock.New(filepath.Join(dataDir, instanceLock), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "desktop.lock", err, "The data directory "+dataDir+" cannot be locked. Check its owner, permissions and free space.")
	}
	if !got {
		return nil, ErrRunning
	}
	in := &Instance{lock: lock, asks: make(chan Ask, 8)}
	if in.path, err = socketPath(dataDir); err == nil {
		_ = os.Remove(in.path) // of a copy that was killed; the lock says it is gone
		in.listener, err = net.Listen("unix", in.path)
	}
	if err != nil {
		return nil, errors.Join(fault.Wrap(fault.Internal, "desktop.lock", err, "The socket for further starts cannot be made in "+filepath.Dir(in.path)+". Check its permissions."), lock.Unlock())
	}
	go in.listen()
	return in, nil
}

// socketPath lies in the data directory, or, where that is too long for a
// socket, in a private directory of the system's temporary one.
func socketPath(dataDir string) (string, error) {
	path := filepath.Join(dataDir, instanceSocket)
	if len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(dataDir))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("omniroute-%d-%s", os.Getuid(), hex.EncodeToString(sum[:6])))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return path, err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return path, err
	}
	if !info.IsDir() || !private(info) {
		return path, fmt.Errorf("desktop: %s belongs to somebody else", dir)
	}
	return filepath.Join(dir, instanceSocket), nil
}

// Enter is what every start does first: it becomes the one copy of a data
// directory, or tells the running one what it was started for and gets a nil
// Instance. It bears with a copy that is just ending.
func Enter(ctx context.Context, dataDir string, ask Ask) (*Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*askTime)
	defer cancel()
	for {
		in, err := Acquire(dataDir)
		if !errors.Is(err, ErrRunning) {
			return in, err
		}
		if err = Tell(ctx, dataDir, ask); err == nil || ctx.Err() != nil {
			return nil, err
		}
	}
}

// Asks delivers what further starts want. It is closed by Close.
func (in *Instance) Asks() <-chan Ask { return in.asks }

func (in *Instance) listen() {
	defer close(in.asks)
	for {
		conn, err := in.listener.Accept()
		if err != nil {
			return
		}
		in.hear(conn)
	}
}

func (in *Instance) hear(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(askTime))
	var ask Ask
	line, err := bufio.NewReader(io.LimitReader(conn, maxAsk)).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &ask) != nil {
		return
	}
	select {
	case in.asks <- ask:
		_, _ = io.WriteString(conn, "ok\n") // who hears nothing reports it
	default: // eight are waiting; one more would change nothing
	}
}

// Close stops listening. The lock stays until the process ends, so that who
// waits for it (WaitGone) waits for that.
func (in *Instance) Close() error {
	err := in.listener.Close()
	for range in.asks {
	}
	if dir := filepath.Dir(in.path); dir != filepath.Dir(in.lock.Path()) {
		_ = os.Remove(dir) // ours, in the temporary directory; another start makes it again
	}
	return err
}

// Tell hands an Ask to the copy that runs on a data directory and waits until
// it has taken it.
func Tell(ctx context.Context, dataDir string, ask Ask) error {
	failed := func(err error) error {
		return fault.Wrap(fault.NotFound, "desktop.tell", err, "The running copy of OmniRoute does not answer. End its process and start again.")
	}
	path, err := socketPath(dataDir)
	if err != nil {
		return failed(err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	conn, err := dialSoon(ctx, path)
	if err != nil {
		return failed(err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	line, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return failed(err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || answer != "ok\n" {
		return failed(err)
	}
	return nil
}

// dialSoon bears with a first copy that has the lock, but not yet the socket.
func dialSoon(ctx context.Context, path string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// QuitRunning ends the copy that runs on a data directory and waits until its
// process has gone. That none runs is what was wanted.
func QuitRunning(ctx context.Context, dataDir string, patience time.Duration) error {
	if !Running(dataDir) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := Tell(ctx, dataDir, Ask{Do: AskQuit}); err != nil {
		return err
	}
	return WaitGone(ctx, dataDir)
}

// WaitGone returns when no copy runs on a data directory any more.
func WaitGone(ctx context.Context, dataDir string) error {
	lock := flock.New(filepath.Join(dataDir, instanceLock), flock.SetPermissions(0o600))
	got, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	if err != nil || !got {
		return fault.Wrap(fault.Timeout, "desktop.quit", err, "The running copy of OmniRoute has not ended yet. It may be waiting for running requests.")
	}
	return lock.Unlock()
}

// Running reports whether a copy runs on a data directory.
func Running(dataDir string) bool {
	path := filepath.Join(dataDir, instanceLock)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	lock := flock.New(path)
	got, err := lock.TryLock()
	if got {
		err = lock.Unlock()
	}
	return err == nil && !got
}
