//go:build death

package daemon_test

import (
	"os"
	"strconv"
	"testing"
)

// TestDeath kills the gateway a hundred times under mixed load (issue, show
// 7). DEATH_SEED chooses another sequence.
func TestDeath(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("DEATH_SEED"), 10, 64)
	if err != nil {
		seed = 2
	}
	dies(t, 100, seed)
}
