package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// job is a kind of request.
type job struct {
	url       string
	key       string
	anthropic bool
	body      []byte
	end       string // what a complete answer ends with, "" = any 200
}

// outcome of a load.
type outcome struct {
	requests int
	errors   int
	first    string // the first error
	cpu      time.Duration
	wall     time.Duration
	p50      time.Duration
}

func (o outcome) perRequest() float64 {
	return float64(o.cpu.Nanoseconds()) / 1000 / float64(max(o.requests, 1))
}

// load sends n requests over c connections and measures the process.
func load(p *process, j job, c, n int) outcome {
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: c, MaxIdleConnsPerHost: c, MaxConnsPerHost: 0, DisableCompression: true}}
	defer client.CloseIdleConnections()
	run := func(n int) outcome {
		var left, failed atomic.Int64
		left.Store(int64(n))
		var firstError atomic.Pointer[string]
		times := make([][]time.Duration, c)
		var wg sync.WaitGroup
		before, began := p.cpu(), time.Now()
		for i := range c {
			wg.Go(func() {
				buf := make([]byte, 32<<10)
				for left.Add(-1) >= 0 {
					t := time.Now()
					if err := once(client, j, buf); err != nil {
						failed.Add(1)
						s := err.Error()
						firstError.CompareAndSwap(nil, &s)
					}
					times[i] = append(times[i], time.Since(t))
				}
			})
		}
		wg.Wait()
		o := outcome{requests: n, errors: int(failed.Load()), cpu: p.cpu() - before, wall: time.Since(began)}
		if e := firstError.Load(); e != nil {
			o.first = *e
		}
		all := slices.Concat(times...)
		slices.Sort(all)
		if len(all) > 0 {
			o.p50 = all[len(all)/2]
		}
		return o
	}
	run(max(n/10, c)) // warm up connections and caches
	return run(n)
}

func once(client *http.Client, j job, buf []byte) error {
	req, err := http.NewRequest("POST", j.url, bytes.NewReader(j.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if j.key != "" {
		req.Header.Set("Authorization", "Bearer "+j.key)
	}
	if j.anthropic {
		req.Header.Set("Anthropic-Version", "2023-06-01")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var tail []byte
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 && j.end != "" {
			tail = append(tail, buf[:n]...)
			if len(tail) > 512 {
				tail = tail[len(tail)-512:]
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %d", errStatus, resp.StatusCode)
	}
	if j.end != "" && !bytes.Contains(tail, []byte(j.end)) {
		return fmt.Errorf("the answer ends with %q", tail[max(len(tail)-80, 0):])
	}
	return nil
}

// median of what f measures over the rounds.
func (b *bench) median(f func() (float64, error)) (float64, error) {
	var all []float64
	for range b.rounds {
		v, err := f()
		if err != nil {
			return 0, err
		}
		all = append(all, v)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

func (b *bench) n(n int) int { return max(int(float64(n)*b.scale), 32) }
