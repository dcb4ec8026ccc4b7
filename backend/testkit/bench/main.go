// Command bench measures the gateway against a bare httputil.ReverseProxy in
// the same run (facts: performance.md). Upstream, floor, gateway and load
// generator are separate processes on this machine; the figure that counts is
// CPU time of the process under test per request, as a ratio to the floor.
// Every gate of the product is checked; a missed one makes the exit code 1.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "mock":
			serveMock(os.Args[2])
			return
		case "floor":
			serveFloor(os.Args[2], os.Args[3])
			return
		}
	}
	bin := flag.String("bin", "build/bin/omniroute", "the gateway")
	rounds := flag.Int("rounds", 5, "rounds; the median counts")
	only := flag.String("only", "", "comma-separated parts: cpu,large,fallback,start,scale,rows,slow,drift,streams")
	scale := flag.Float64("scale", 1, "length of each measurement, 1 = as for closing an issue")
	rows := flag.Int("rows", 10_000_000, "usage rows of the rows part")
	match := flag.String("match", "", "of the CPU lines only those that contain this")
	flag.Parse()

	b := &bench{bin: *bin, rounds: *rounds, scale: *scale, rows: *rows, only: *only, match: *match}
	defer b.close()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		b.close()
		os.Exit(1)
	}
	if !b.report() {
		b.close()
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	bin    string
	rounds int
	scale  float64
	rows   int
	only   string
	match  string

	mock, floor *process
	gateways    []*process
	dirs        []string
	results     []result
}

// result is one line of the table.
type result struct {
	name  string
	value string
	gate  string
	ok    bool
	gated bool
}

func (b *bench) wants(part string) bool {
	return b.only == "" || strings.Contains(","+b.only+",", ","+part+",")
}

func (b *bench) add(name, value, gate string, ok bool) {
	b.results = append(b.results, result{name, value, gate, ok, gate != ""})
	fmt.Printf("%-58s %-28s %s\n", name, value, verdict(gate, ok))
}

func verdict(gate string, ok bool) string {
	switch {
	case gate == "":
		return ""
	case ok:
		return "gate " + gate + "  met"
	}
	return "gate " + gate + "  MISSED"
}

func (b *bench) report() bool {
	failed, gates := 0, 0
	for _, r := range b.results {
		if r.gated {
			gates++
			if !r.ok {
				failed++
			}
		}
	}
	fmt.Printf("%d passed, %d failed\n", gates-failed, failed)
	return failed == 0
}

func (b *bench) run() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if b.mock, err = start(nil, self, "mock", freeAddr()); err != nil {
		return err
	}
	if b.floor, err = start(nil, self, "floor", freeAddr(), b.mock.addr); err != nil {
		return err
	}
	steps := []struct {
		part string
		run  func() error
	}{
		{"start", b.measureStart}, {"cpu", b.measureCPU}, {"large", b.measureLarge}, {"fallback", b.measureFallback},
		{"scale", b.measureScale}, {"slow", b.measureSlow}, {"streams", b.measureStreams}, {"drift", b.measureDrift}, {"rows", b.measureRows},
	}
	for _, s := range steps {
		if !b.wants(s.part) {
			continue
		}
		began := time.Now()
		if err := s.run(); err != nil {
			return fmt.Errorf("%s: %w", s.part, err)
		}
		fmt.Fprintf(os.Stderr, "# %s took %s\n", s.part, time.Since(began).Round(time.Second))
	}
	return nil
}

func (b *bench) close() {
	for _, p := range append(b.gateways, b.mock, b.floor) {
		if p != nil {
			p.stop()
		}
	}
	for _, d := range b.dirs {
		os.RemoveAll(d)
	}
}
