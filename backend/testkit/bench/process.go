package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is something under test.
type process struct {
	cmd  *exec.Cmd
	addr string
	dir  string
}

func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a helper process whose second argument is its address.
func start(env []string, bin string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(bin, args...), addr: args[1]}
	return p, p.launch(env)
}

func (p *process) launch(env []string) error {
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for range 5000 {
		if c, err := net.Dial("tcp", p.addr); err == nil {
			c.Close()
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s does not listen on %s", p.cmd.Path, p.addr)
}

func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		p.cmd.Process.Kill()
	}
}

// gateway starts a fresh gateway on a fresh (or the given) data directory.
func (b *bench) gateway(dir string) (*process, error) {
	if dir == "" {
		d, err := os.MkdirTemp("", "omniroute-bench-")
		if err != nil {
			return nil, err
		}
		b.dirs = append(b.dirs, d)
		dir = d
	}
	addr := freeAddr()
	_, port, _ := net.SplitHostPort(addr)
	p := &process{cmd: exec.Command(b.bin, "serve", "--no-open", "--port", port), addr: addr, dir: dir}
	b.gateways = append(b.gateways, p)
	return p, p.launch([]string{"DATA_DIR=" + dir, "HOME=" + dir})
}

// api calls the management API.
func (p *process) api(method, path string, in any) (map[string]any, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, "http://"+p.addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(filepath.Join(p.dir, "admin-token"))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	var out map[string]any
	json.Unmarshal(raw, &out)
	return out, nil
}

// node connects a mock endpoint under a prefix.
func (p *process) node(prefix, kind, baseURL string) error {
	in := map[string]any{"name": prefix, "prefix": prefix, "type": kind, "baseUrl": baseURL}
	if kind == "openai-compatible" {
		in["apiType"] = "chat"
	}
	out, err := p.api("POST", "/api/provider-nodes", in)
	if err != nil {
		return err
	}
	id := out["node"].(map[string]any)["id"]
	_, err = p.api("POST", "/api/providers", map[string]any{"provider": id, "name": prefix, "apiKey": "sk-upstream-key"})
	return err
}

// cpu is the time all threads of the process have run.
func (p *process) cpu() time.Duration {
	var sum int64
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	for _, t := range tasks {
		raw, err := os.ReadFile(t)
		if err != nil {
			continue
		}
		n, _ := strconv.ParseInt(strings.Fields(string(raw))[0], 10, 64)
		sum += n
	}
	return time.Duration(sum)
}

// memory returns the resident and the peak resident set in MB.
func (p *process) memory() (now, peak float64) {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for _, line := range strings.Split(string(raw), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "VmRSS:":
			now = kb / 1024
		case "VmHWM:":
			peak = kb / 1024
		}
	}
	return now, peak
}

var errStatus = errors.New("not a 200")
