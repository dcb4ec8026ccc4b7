package control

import (
	"context"
	"slices"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
)

// How long a verb waits for an upstream.
const (
	trialTime   = 60 * time.Second // two calls of a connection test
	listTime    = 45 * time.Second
	rereadAfter = time.Hour // a model list that did not change is stamped this often
)

// TestResult is what a connection test found.
type TestResult struct {
	Valid      bool          `json:"valid"`
	Error      string        `json:"error,omitempty"`
	StatusCode int           `json:"statusCode,omitempty"` // of the upstream's last answer
	LatencyMs  int64         `json:"latencyMs"`
	Diagnosis  TestDiagnosis `json:"diagnosis"`
	TestedAt   time.Time     `json:"testedAt"`
}

// TestDiagnosis says in a word what was found and in a sentence what to do.
type TestDiagnosis struct {
	Type    string `json:"type" enum:"ok simulated relay key-accepted rate-limited no-credit needs-key key-refused unusable not-found unreachable timeout server-error"`
	Source  string `json:"source"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
}

// TestOf names the connection to test, and the model for the one-token call.
type TestOf struct {
	ID    string `json:"id" path:"id"`
	Model string `json:"model"`
}

// Test tries a connection. A key the upstream takes again also ends what the
// gateway held against it.
func (v *Providers) Test(in TestOf) (TestResult, error) {
	return v.test(v.rooms.Lifetime, in)
}

func (v *Providers) test(ctx context.Context, in TestOf) (TestResult, error) {
	s := v.rooms.Config.Now()
	a := s.Accounts[in.ID]
	if a == nil {
		return TestResult{}, notFound("connection", in.ID)
	}
	e, err := v.rooms.endpoint(s, a)
	if err != nil {
		return TestResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	r := v.rooms.Prober.Test(ctx, e, "", in.Model)
	if r.Valid && a.Kind != config.KindRelay {
		v.prove(a.ID, true)
		if st := v.standings()[a.ID]; st.Login {
			v.rooms.Board.Forget(a.ID)
		}
		if a.ModelsAt.IsZero() {
			v.refreshLater(a.ID)
		}
	} else if !r.Valid {
		v.prove(a.ID, false)
	}
	v.announce(a.ID)
	return TestResult{
		Valid: r.Valid, Error: r.Error, StatusCode: r.StatusCode, LatencyMs: r.LatencyMs, TestedAt: v.rooms.Now().UTC(),
		Diagnosis: TestDiagnosis{string(r.Diagnosis.Type), r.Diagnosis.Source, r.Diagnosis.Message, r.Diagnosis.Code},
	}, nil
}

// refreshLater reads a connection's model list in the background. That it
// cannot be read is no trouble of its own: the catalogue's list stands in.
func (v *Providers) refreshLater(id string) {
	v.rooms.Go("control.models "+id, func() error {
		if _, err := v.refresh(id); err != nil {
			v.rooms.Log.Debug("a model list was not read", "connection", id, "error", err)
		}
		return nil
	})
}

// refresh reads a connection's model list and keeps it, unless the connection
// was moved or deleted meanwhile.
func (v *Providers) refresh(id string) ([]string, error) {
	s := v.rooms.Config.Now()
	a := s.Accounts[id]
	if a == nil {
		return nil, notFound("connection", id)
	}
	if a.Kind == config.KindRelay {
		return nil, fault.New(fault.Unsupported, "control.models", "A relay connection keeps no login, so the upstream cannot be asked for its models.")
	}
	e, err := v.rooms.endpoint(s, a)
	if err != nil {
		return nil, err
	}
	ctx, cancel := v.rooms.within(listTime)
	defer cancel()
	models, err := v.rooms.Prober.ListModels(ctx, e, "")
	if err != nil {
		return nil, err
	}
	now := v.rooms.Now().UTC()
	if slices.Equal(models, a.Models) && now.Sub(a.ModelsAt) < rereadAfter {
		return models, nil
	}
	_, err = v.rooms.update(func(s *config.Snapshot) error {
		current := s.Accounts[id]
		if current == nil {
			return notFound("connection", id)
		}
		if there, err := v.rooms.endpoint(s, current); err != nil || there.Base != e.Base {
			return fault.New(fault.Conflict, "control.models", "The connection was moved while its models were read.")
		}
		b := *current
		b.Models, b.ModelsAt = models, now
		s.Accounts[id] = &b
		return nil
	})
	return models, err
}

// LocalServer is a model server found on this computer. Nothing is added by
// finding it: POST /api/providers does that (rulings 3.12).
type LocalServer struct {
	Provider string `json:"provider"` // catalogue id, or openai-compatible: make a node first
	Name     string `json:"name"`
	BaseURL  string `json:"baseUrl"`
	Port     int    `json:"port"`
	Added    bool   `json:"added"` // a connection goes there already
}

// LocalServers lists what was found.
type LocalServers struct {
	Servers []LocalServer `json:"servers"`
}

// Local looks for model servers on this computer, about a second.
func (v *Providers) Local() (LocalServers, error) {
	ctx, cancel := v.rooms.within(10 * time.Second)
	defer cancel()
	s := v.rooms.Config.Now()
	origins := map[string]bool{}
	for _, a := range s.Accounts {
		if e, err := v.rooms.endpoint(s, a); err == nil {
			origins[e.Origin] = true
		}
	}
	out := LocalServers{Servers: []LocalServer{}}
	for _, f := range v.rooms.Prober.Discover(ctx) {
		out.Servers = append(out.Servers, LocalServer{f.Provider, f.Name, f.BaseURL, f.Port, origins[egress.Origin(f.BaseURL)]})
	}
	return out, nil
}
