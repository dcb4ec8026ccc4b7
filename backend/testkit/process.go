package testkit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is the gateway as people run it: the built binary in a process of
// its own. Its Gateway calls it like one inside the test.
type Process struct {
	*Gateway
	Port    int
	Lines   []string      // what it printed before it was ready
	Startup time.Duration // from exec to ready

	cmd    *exec.Cmd
	stderr *Log
	done   chan struct{} // closed when it has ended
}

// built is the binary under test, made once.
var built struct {
	sync.Mutex
	path string
}

// Binary builds the program, or takes the one that OMNIROUTE_BIN names.
func Binary(t testing.TB) string {
	t.Helper()
	if bin := os.Getenv("OMNIROUTE_BIN"); bin != "" {
		return bin
	}
	built.Lock()
	defer built.Unlock()
	if built.path != "" {
		return built.path
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(string(root))
	path := filepath.Join(dir, "build", "bin", "omniroute-test")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, ".") // the flags of the Makefile: its cache is ours
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	built.path = path
	return path
}

// FreePort is a port that nobody listens on at the moment.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Exec starts the binary on a data directory and returns when it has said
// that it is ready. env are further variables, NAME=value.
func Exec(t testing.TB, dir string, port int, env ...string) *Process {
	t.Helper()
	p, err := Launch(t, dir, port, env...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Launch is Exec for programs that may refuse to start: the error holds what
// they said.
func Launch(t testing.TB, dir string, port int, env ...string) (*Process, error) {
	t.Helper()
	p := &Process{Port: port, stderr: &Log{}, done: make(chan struct{})}
	p.cmd = exec.Command(Binary(t), "serve", "--no-open", "--port", fmt.Sprint(port))
	p.cmd.Env = append([]string{"HOME=" + dir, "DATA_DIR=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(p.Kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.Lines = append(p.Lines, lines.Text())
		if strings.HasPrefix(lines.Text(), "curl ") { // the second of the two lines
			break
		}
	}
	p.Startup = time.Since(begun)
	go func() {
		for lines.Scan() { // keep the pipe empty
		}
		p.cmd.Wait()
		close(p.done)
	}()
	if len(p.Lines) == 0 || !strings.HasPrefix(p.Lines[len(p.Lines)-1], "curl ") {
		return p, fmt.Errorf("it ended with %d: %s%s", p.Exit(t), strings.Join(p.Lines, "\n"), p.stderr)
	}
	token, err := os.ReadFile(filepath.Join(dir, "admin-token"))
	if err != nil {
		return p, err
	}
	p.Gateway = &Gateway{URL: fmt.Sprintf("http://127.0.0.1:%d", port), Dir: dir, Client: NewClient(), Log: p.stderr, t: t, token: strings.TrimSpace(string(token)), stopped: true}
	t.Cleanup(p.Client.CloseIdleConnections)
	return p, nil
}

// Kill ends the process as kill -9 does, and waits for its end.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
	if p.Gateway != nil {
		p.Client.CloseIdleConnections()
	}
}

// Signal sends a signal.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit waits for the end and returns the exit code; -1 when a signal ended
// the process.
func (p *Process) Exit(t testing.TB) int {
	t.Helper()
	Wait(t, "the process to end", p.done)
	return p.cmd.ProcessState.ExitCode()
}

// Said is what the process wrote to standard error.
func (p *Process) Said() string { return p.stderr.String() }

// PeakMemory is the largest resident size of the process since the last
// ForgetPeak, in bytes; Linux only.
func (p *Process) PeakMemory(t testing.TB) int64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(raw, []byte("VmHWM:"))
	var kb int64
	if _, err := fmt.Sscan(string(rest), &kb); err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// ForgetPeak begins a new measurement.
func (p *Process) ForgetPeak(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil && !errors.Is(err, syscall.EACCES) {
		t.Fatal(err)
	}
}
