package wire

import "omniroute/backend/llm"

// The budgets of the effort words, in tokens (formats.md 4.4).
const (
	budgetMinimal = 512
	budgetLow     = 1024
	budgetMedium  = 8192
	budgetHigh    = 24576
	budgetXHigh   = 32768
)

// EffortBudget is the thinking budget in tokens that an effort word stands
// for. max is the model's maximum, 0 = unknown; no budget exceeds it. An
// unknown word counts as medium.
func EffortBudget(e llm.Effort, max int64) int64 {
	var b int64
	switch e {
	case llm.EffortNone:
		return 0
	case llm.EffortMinimal:
		b = budgetMinimal
	case llm.EffortLow:
		b = budgetLow
	case llm.EffortHigh:
		b = budgetHigh
	case llm.EffortXHigh:
		b = budgetXHigh
	case llm.EffortMax:
		if max > 0 {
			return max
		}
		b = budgetXHigh
	default:
		b = budgetMedium
	}
	if max > 0 && b > max {
		return max
	}
	return b
}

// BudgetEffort is the effort word nearest to a budget (formats.md 4.4). A
// negative budget means the model decides: medium.
func BudgetEffort(b int64) llm.Effort {
	switch {
	case b < 0:
		return llm.EffortMedium
	case b == 0:
		return llm.EffortNone
	case b <= budgetMinimal:
		return llm.EffortMinimal
	case b <= budgetLow:
		return llm.EffortLow
	case b <= budgetMedium:
		return llm.EffortMedium
	case b <= budgetHigh:
		return llm.EffortHigh
	}
	return llm.EffortXHigh
}
