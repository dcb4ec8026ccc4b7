package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
)

// Combos are the verbs about named lists of models.
type Combos struct {
	rooms  *Rooms
	models *Models
}

// ComboStep is one model of a combo: in JSON a string, or an object where it
// has a weight.
type ComboStep struct {
	Model  string
	Weight int // 0 = none
}

type weighted struct {
	Model  string `json:"model"`
	Weight int    `json:"weight"`
}

// MarshalJSON writes the shape the step was given in.
func (c ComboStep) MarshalJSON() ([]byte, error) {
	if c.Weight == 0 {
		return json.Marshal(c.Model)
	}
	return json.Marshal(weighted(c))
}

// UnmarshalJSON reads "model" or {"model","weight"}.
func (c *ComboStep) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Model)
	}
	var w weighted
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&w) != nil || w.Model == "" {
		return badInput("models", "Each entry of \"models\" must be a model name, or an object of \"model\" and \"weight\".")
	}
	*c = ComboStep(w)
	return nil
}

// Combo is a named list of models.
type Combo struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Models    []ComboStep     `json:"models"`
	Strategy  string          `json:"strategy"`
	Config    json.RawMessage `json:"config"`
	IsActive  bool            `json:"isActive"` // it answers to the name auto
	CreatedAt time.Time       `json:"createdAt"`
	UpdatedAt time.Time       `json:"updatedAt"`
	Use       *ComboUse       `json:"use,omitempty"` // of the last 30 days, in lists
}

// ComboUse is what a combo was asked for lately. Requests without a known
// price are counted in Unpriced and are in no sum.
type ComboUse struct {
	Requests    int64 `json:"requests"`
	Failed      int64 `json:"failed"`
	SpentMicros int64 `json:"spentMicros"`
	Unpriced    int64 `json:"unpriced"`
}

// ComboAnswer holds one combo.
type ComboAnswer struct {
	Combo Combo `json:"combo"`
}

// ComboList holds all combos, by name.
type ComboList struct {
	Combos []Combo `json:"combos"`
}

// NewCombo describes a combo to be made.
type NewCombo struct {
	Name     string          `json:"name"`
	Models   []ComboStep     `json:"models"`
	Strategy string          `json:"strategy"` // "" = that of comboDefaults, else priority
	Config   json.RawMessage `json:"config"`
}

// ComboChange changes a combo; what is nil stays.
type ComboChange struct {
	ID       string          `json:"id" path:"id"`
	Name     *string         `json:"name"`
	Models   []ComboStep     `json:"models"`
	Strategy *string         `json:"strategy"`
	Config   json.RawMessage `json:"config"`
	IsActive *bool           `json:"isActive"`
	// The updatedAt that was read: when the combo changed since, the answer is
	// Conflict and nothing changes. null = whatever it is now.
	IfUpdatedAt *time.Time `json:"ifUpdatedAt"`
	// Read-only fields of Combo, accepted so that what was read can be sent
	// back.
	Use       *ComboUse `json:"use"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func comboView(s *config.Snapshot, c *config.Combo) Combo {
	out := Combo{
		ID: c.ID, Name: c.Name, Strategy: c.Strategy, Config: json.RawMessage(c.Config), IsActive: s.Settings.ActiveCombo == c.ID,
		Models: make([]ComboStep, 0, len(c.Models)), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	if len(out.Config) == 0 {
		out.Config = json.RawMessage("{}")
	}
	for _, m := range c.Models {
		out.Models = append(out.Models, ComboStep{m.Model, m.Weight})
	}
	return out
}

// List lists the combos.
func (v *Combos) List() (ComboList, error) {
	s := v.rooms.Config.Now()
	now := v.rooms.Now()
	uses := map[string]*ComboUse{}
	totals, err := v.rooms.totals(usage.Query{From: now.AddDate(0, 0, -30), To: now, By: usage.ByCombo})
	if err != nil {
		v.rooms.Log.Debug("the use of combos was not read", "error", err) // the list is worth more
	}
	for _, t := range totals {
		uses[t.Name] = &ComboUse{t.Requests, t.Failed, t.CostMicros, t.Unpriced}
	}
	out := ComboList{Combos: make([]Combo, 0, len(s.Combos))}
	for _, c := range s.Combos {
		one := comboView(s, c)
		if one.Use = uses[c.Name]; one.Use == nil && err == nil {
			one.Use = &ComboUse{}
		}
		out.Combos = append(out.Combos, one)
	}
	slices.SortFunc(out.Combos, func(a, b Combo) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Get shows one combo.
func (v *Combos) Get(in ByID) (ComboAnswer, error) {
	s := v.rooms.Config.Now()
	c := s.Combos[in.ID]
	if c == nil {
		return ComboAnswer{}, notFound("combo", in.ID)
	}
	return ComboAnswer{comboView(s, c)}, nil
}

// Create makes a combo. The first one becomes active (rulings 3.1).
func (v *Combos) Create(in NewCombo) (ComboAnswer, error) {
	now := v.rooms.Now().UTC()
	c := &config.Combo{ID: newID(), Name: strings.TrimSpace(in.Name), Strategy: cmp.Or(in.Strategy, v.rooms.Config.Now().DefaultStrategy()), CreatedAt: now, UpdatedAt: now}
	if err := v.fill(c, in.Models, in.Config); err != nil {
		return ComboAnswer{}, err
	}
	next, err := v.rooms.update(func(s *config.Snapshot) error {
		if len(s.Combos) == 0 {
			s.Settings.ActiveCombo = c.ID
		}
		s.Combos[c.ID] = c
		return nil
	})
	if err != nil {
		return ComboAnswer{}, err
	}
	return ComboAnswer{comboView(next, c)}, nil
}

// fill checks what config leaves to others: the strategy, the reserved name
// and the form of config.
func (v *Combos) fill(c *config.Combo, models []ComboStep, raw json.RawMessage) error {
	if c.Name == routing.Auto {
		return badInput("name", "%q always means the active combo. Choose another name.", routing.Auto)
	}
	if !routing.KnownStrategy(c.Strategy) {
		return badInput("strategy", "The strategy %q is unknown. Use one of %s.", clip(c.Strategy, 60), strings.Join(config.ComboStrategies(), ", "))
	}
	if models != nil {
		c.Models = make([]config.ComboModel, 0, len(models))
		for _, m := range models {
			c.Models = append(c.Models, config.ComboModel{Model: strings.TrimSpace(m.Model), Weight: m.Weight})
		}
	}
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0:
	case bytes.Equal(raw, []byte("null")), bytes.Equal(raw, []byte("{}")):
		c.Config = nil
	case raw[0] != '{':
		return badInput("config", "The field \"config\" must be an object.")
	case len(raw) > 64<<10:
		return badInput("config", "The field \"config\" is larger than 64 KB.")
	case config.CheckComboRules("config", raw) != nil:
		return config.CheckComboRules("config", raw)
	default:
		c.Config = bytes.Clone(raw)
	}
	return nil
}

// Update changes a combo. Combos and aliases that name it follow a new name.
func (v *Combos) Update(in ComboChange) (ComboAnswer, error) {
	var c config.Combo
	next, err := v.rooms.update(func(s *config.Snapshot) error {
		old := s.Combos[in.ID]
		if old == nil {
			return notFound("combo", in.ID)
		}
		// To the millisecond: a script may have kept no more.
		if in.IfUpdatedAt != nil && in.IfUpdatedAt.UnixMilli() != old.UpdatedAt.UnixMilli() {
			return fault.New(fault.Conflict, "control.combos", "The combo %q was changed since it was read. Read it again.", old.Name)
		}
		c = *old
		set(&c.Name, in.Name)
		c.Name = strings.TrimSpace(c.Name)
		set(&c.Strategy, in.Strategy)
		if err := v.fill(&c, in.Models, in.Config); err != nil {
			return err
		}
		c.UpdatedAt = v.rooms.Now().UTC()
		s.Combos[c.ID] = &c
		if c.Name != old.Name {
			rename(s, old.Name, c.Name)
		}
		if in.IsActive != nil && *in.IsActive {
			s.Settings.ActiveCombo = c.ID
		} else if in.IsActive != nil && s.Settings.ActiveCombo == c.ID {
			s.Settings.ActiveCombo = ""
		}
		return nil
	})
	if err != nil {
		return ComboAnswer{}, err
	}
	return ComboAnswer{comboView(next, next.Combos[c.ID])}, nil
}

func rename(s *config.Snapshot, from, to string) {
	for id, c := range s.Combos {
		if !slices.ContainsFunc(c.Models, func(m config.ComboModel) bool { return m.Model == from }) {
			continue
		}
		b := *c
		b.Models = slices.Clone(c.Models)
		for i := range b.Models {
			if b.Models[i].Model == from {
				b.Models[i].Model = to
			}
		}
		s.Combos[id] = &b
	}
	for i, c := range s.Settings.Chains {
		if slices.Contains(c.Models, from) {
			s.Settings.Chains = slices.Clone(s.Settings.Chains)
			c.Models = slices.Clone(c.Models)
			for k := range c.Models {
				if c.Models[k] == from {
					c.Models[k] = to
				}
			}
			s.Settings.Chains[i] = c
		}
	}
	for i := range s.Aliases {
		if s.Aliases[i].Target == from {
			s.Aliases[i].Target = to
		}
	}
}

// Delete removes a combo. For a while it can be restored.
func (v *Combos) Delete(in ByID) error {
	var old *config.Combo
	active := false
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		if old = s.Combos[in.ID]; old == nil {
			return notFound("combo", in.ID)
		}
		active = s.Settings.ActiveCombo == in.ID
		delete(s.Combos, in.ID)
		return nil
	})
	if err != nil {
		return err
	}
	v.rooms.bin.put(discarded{kind: "combo", id: in.ID, undo: func(s *config.Snapshot) error {
		s.Combos[old.ID] = old
		if active && s.Settings.ActiveCombo == "" {
			s.Settings.ActiveCombo = old.ID
		}
		return nil
	}})
	return nil
}

// Restore undoes a deletion, up to ten minutes after it and until the next
// start. It becomes active again if it was and none is now.
func (v *Combos) Restore(in ByID) (ComboAnswer, error) {
	next, err := v.rooms.restore("combo", in.ID)
	if err != nil {
		return ComboAnswer{}, err
	}
	return ComboAnswer{comboView(next, next.Combos[in.ID])}, nil
}

// Activate makes a combo the one behind the name auto.
func (v *Combos) Activate(in ByID) (ComboAnswer, error) {
	next, err := v.rooms.update(func(s *config.Snapshot) error {
		if s.Combos[in.ID] == nil {
			return notFound("combo", in.ID)
		}
		s.Settings.ActiveCombo = in.ID
		return nil
	})
	if err != nil {
		return ComboAnswer{}, err
	}
	return ComboAnswer{comboView(next, next.Combos[in.ID])}, nil
}

// ComboName names a combo to be tested, or a draft: Models, when there are
// any, are asked instead of what is stored under the name.
type ComboName struct {
	ComboName string      `json:"comboName"`
	Models    []ComboStep `json:"models"`
}

// ComboTest is what became of a smallest call to each model of a combo.
// ResolvedBy is the first one that answered, "" = none did.
type ComboTest struct {
	ComboName  string      `json:"comboName"`
	Strategy   string      `json:"strategy"`
	ResolvedBy string      `json:"resolvedBy"`
	Results    []ModelTest `json:"results"`
}

// ModelTest is the outcome for one model: Status is ok or error.
type ModelTest struct {
	Model      string            `json:"model"`
	Status     string            `json:"status" enum:"ok error"`
	StatusCode int               `json:"statusCode,omitempty"`
	LatencyMs  int64             `json:"latencyMs"`
	AnsweredBy string            `json:"answeredBy,omitempty"`
	Error      string            `json:"error,omitempty"`
	RequestID  string            `json:"requestId,omitempty"`
	Code       string            `json:"code,omitempty"` // of the catalogue "reasons"
	Args       map[string]string `json:"args,omitempty"`
}

// comboTestTime bounds a whole test; comboTests how many models are asked at
// once.
const (
	comboTestTime = 90 * time.Second
	comboTests    = 4
)

// smallest is the question of a test that only wants to know who answers.
func smallest(model string) TrialQuestion {
	return TrialQuestion{Model: model, Ask: "Say OK.", MaxTokens: 16, Path: "/api/combos/test"}
}

// tryModel makes the smallest call to one model.
func (r *Rooms) tryModel(ctx context.Context, model string) ModelTest {
	start := r.Now()
	trial, err := r.Tester.Try(ctx, smallest(model))
	out := ModelTest{Model: model, Status: "ok", StatusCode: trial.Status, LatencyMs: trial.Latency.Milliseconds(), AnsweredBy: trial.Answered, RequestID: trial.RequestID}
	if err != nil {
		f := fault.As(err)
		took := r.Now().Sub(start)
		reason := r.codeOf(err, took)
		out.Status, out.StatusCode, out.Error, out.LatencyMs = "error", f.HTTPStatus(), f.Public, took.Milliseconds()
		out.Code, out.Args = string(reason.Code), argsOf(reason)
	}
	return out
}

// argsOf are the values of a reason's sentence.
func argsOf(r fault.Reason) map[string]string {
	out := make(map[string]string, len(r.Args))
	for _, a := range r.Args {
		out[a.Name] = a.Value
	}
	return out
}

// tested is the stored combo, or the draft.
func (v *Combos) tested(in *ComboName) (*config.Combo, error) {
	if len(in.Models) > 0 {
		_, draft, err := v.drafted(&Draft{Name: in.ComboName, Models: in.Models})
		return draft, err
	}
	c, ok := v.rooms.Config.Now().ComboByName(in.ComboName)
	if !ok {
		return nil, notFound("combo", in.ComboName)
	}
	return c, nil
}

// Test asks every model of a combo for a token.
func (v *Combos) Test(in ComboName) (ComboTest, error) {
	c, err := v.tested(&in)
	if err != nil {
		return ComboTest{}, err
	}
	ctx, cancel := v.rooms.within(comboTestTime)
	defer cancel()
	out := ComboTest{ComboName: c.Name, Strategy: c.Strategy, Results: make([]ModelTest, len(c.Models))}
	slots := make(chan struct{}, comboTests)
	var wg sync.WaitGroup
	for i, m := range c.Models {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out.Results[i] = v.rooms.tryModel(ctx, m.Model)
		})
	}
	wg.Wait()
	for _, r := range out.Results {
		if r.Status == "ok" {
			out.ResolvedBy = r.Model
			break
		}
	}
	return out, nil
}
