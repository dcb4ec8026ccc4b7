package catalog

// ModelStatus says how a model stands upstream.
type ModelStatus string

// The states of a model.
const (
	ModelCurrent      ModelStatus = "current" // listed by at least one source read
	ModelLegacy       ModelStatus = "legacy"
	ModelDeprecated   ModelStatus = "deprecated"
	ModelBeta         ModelStatus = "beta"
	ModelAlias        ModelStatus = "alias"   // another spelling of AliasOf
	ModelRemoved      ModelStatus = "removed" // gone from upstream or from the lists read
	ModelDiscontinued ModelStatus = "discontinued"
	ModelUnverified   ModelStatus = "unverified"
)

// Answer is a fact that may be unknown.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// IsZero reports that the fact is unknown; the JSON leaves it out then.
func (a Answer) IsZero() bool { return a == Unknown }

// MarshalJSON writes a boolean.
func (a Answer) MarshalJSON() ([]byte, error) {
	if a == Yes {
		return []byte("true"), nil
	}
	return []byte("false"), nil
}

// UnmarshalJSON reads a boolean.
func (a *Answer) UnmarshalJSON(b []byte) error {
	*a = No
	if string(b) == "true" {
		*a = Yes
	}
	return nil
}

// Model is one listed model of one provider.
type Model struct {
	ID             string      `json:"id"`
	Name           string      `json:"name,omitempty"`
	Kind           string      `json:"kind"` // chat embedding image transcription speech moderation rerank
	Status         ModelStatus `json:"status"`
	Seed           bool        `json:"seed,omitempty"`       // named in the user's documents
	AliasOf        string      `json:"alias_of,omitempty"`   // the id upstream knows
	Context        int64       `json:"context,omitempty"`    // tokens, 0 = unknown
	MaxOutput      int64       `json:"max_output,omitempty"` // tokens, 0 = unknown
	Dimensions     int64       `json:"dimensions,omitempty"` // of an embedding
	Input          []string    `json:"input,omitempty"`      // text image audio video pdf; nil = unknown
	Tools          Answer      `json:"tools,omitzero"`
	Reasoning      Answer      `json:"reasoning,omitzero"`
	UpstreamFormat Format      `json:"upstream_format,omitempty"` // the only format this model is served in, when it differs
	Note           string      `json:"note,omitempty"`

	Price Price `json:"-"` // from the JSON's price, price_basis and source

	provider     *Provider
	capabilities Capabilities
}

// Provider is the provider that lists the model.
func (m *Model) Provider() *Provider { return m.provider }

// Capabilities is what translation needs to know about the model. The result
// is shared: do not change what its slices hold.
func (m *Model) Capabilities() *Capabilities { return &m.capabilities }

// Living reports that the model can be expected to answer under its own id.
func (m *Model) Living() bool {
	switch m.Status {
	case ModelCurrent, ModelLegacy, ModelDeprecated, ModelBeta:
		return true
	}
	return false
}

// Accepts reports whether the model takes an input modality: text, image,
// audio, video or pdf.
func (m *Model) Accepts(modality string) Answer {
	if m.Input == nil {
		return Unknown
	}
	for _, in := range m.Input {
		if in == modality {
			return Yes
		}
	}
	return No
}
