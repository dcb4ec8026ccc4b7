package anthropic

import (
	"testing"

	"omniroute/backend/wire/wiretest"
)

func TestLaws(t *testing.T) { wiretest.Run(t, New()) }
