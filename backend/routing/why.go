package routing

import (
	"fmt"

	"omniroute/backend/fault"
)

// Why is an English sentence about the place of a candidate, "" for the next
// one in the order of the list.
func (c *Candidate) Why() string {
	why := Sentence(c.Reason)
	switch {
	case c.Note == "":
		return why
	case why == "":
		return c.Note
	}
	return c.Note + ". " + why
}

// Sentence says a reason of this room in English, "" for any other.
func Sentence(r fault.Reason) string {
	arg := func(name string) string {
		for _, a := range r.Args {
			if a.Name == name {
				return a.Value
			}
		}
		return ""
	}
	switch r.Code {
	case fault.ReasonTurn:
		return fmt.Sprintf("Its turn: request %s of %s in a row.", arg("n"), arg("limit"))
	case fault.ReasonLeastUsed:
		return "Used least."
	case fault.ReasonRandom:
		return "Drawn at random."
	case fault.ReasonWeighted:
		return fmt.Sprintf("Drawn by its weight, %s.", arg("weight"))
	case fault.ReasonHealthier:
		return fmt.Sprintf("The better of two that were drawn: score %s, the other %s.", arg("score"), arg("than"))
	case fault.ReasonCheapest:
		return fmt.Sprintf("A usual request costs $%s.", arg("usd"))
	case fault.ReasonFastest:
		return fmt.Sprintf("Its first word took %s ms lately.", arg("ms"))
	case fault.ReasonFree:
		return "Costs nothing."
	case fault.ReasonLocal:
		return "Runs on this computer."
	case fault.ReasonNotFree:
		return "Costs money, or its price is not known."
	case fault.ReasonNotLocal:
		return "Does not run on this computer."
	case fault.ReasonNoMetric:
		return "Nothing was measured yet, so it stands behind what was."
	case fault.ReasonChain:
		return fmt.Sprintf("From the fallback chain %s.", arg("name"))
	case fault.ReasonStray:
		return fmt.Sprintf("%q is not known here, so the active combo %s took it.", arg("name"), arg("combo"))
	case fault.ReasonLowest:
		return fmt.Sprintf("Lowest priority value, %s.", arg("priority"))
	case fault.ReasonNoPrice:
		return "No price is known for it, so it stands behind what has one."
	case fault.ReasonNoneKnown:
		return fmt.Sprintf("What the strategy %s needs is not known for any of them, so it chose without it.", arg("strategy"))
	case fault.ReasonSession:
		return fmt.Sprintf("The conversation stays here, where about %s tokens of it are warm.", arg("tokens"))
	case fault.ReasonMoved:
		return fmt.Sprintf("The conversation moved here because %s cannot take it; about %s tokens are not warm here.", arg("from"), arg("tokens"))
	}
	return ""
}
