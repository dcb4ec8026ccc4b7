package gemini

import (
	"testing"

	"omniroute/backend/wire/wiretest"
)

func TestLaws(t *testing.T) { wiretest.Run(t, New()) }

func TestLawsCodeAssist(t *testing.T) { wiretest.Run(t, NewCodeAssist()) }
