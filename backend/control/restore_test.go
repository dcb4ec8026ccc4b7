package control

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/config"
)

// undoTimePasses makes every deletion final, as its timer would.
func (h *house) undoTimePasses() {
	b := h.services.Providers.rooms.bin
	b.mu.Lock()
	items := maps.Clone(b.items)
	b.mu.Unlock()
	for k, d := range items {
		d.timer.Stop()
		b.expire(k, d)
	}
	h.tasks.Wait()
}

func TestADeletionCanBeUndone(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	node := h.node("box", "http://127.0.0.1:9")
	id := h.connect(node, "sk-a-key-of-twenty-letters-and-more")
	before := h.call(200, "GET /api/providers/"+id, nil)
	if hint := before.str("connection.keyHint"); hint != "sk-…more" {
		t.Errorf("the hint is %q", hint)
	}
	h.call(204, "DELETE /api/providers/"+id, nil)
	if len(h.holder.Now().Discarded) != 1 {
		t.Error("nobody noted that a secret is to be forgotten")
	}
	h.call(200, "POST /api/providers/"+id+"/restore", m{})
	if after := h.call(200, "GET /api/providers/"+id, nil); after.body != before.body {
		t.Errorf("came back as\n%s\nwas\n%s", after.body, before.body)
	}
	if h.secret(id, "http://127.0.0.1:9") == "" || len(h.holder.Now().Discarded) != 0 {
		t.Error("the key did not come back, or is still to be forgotten")
	}
	h.call(404, "POST /api/providers/"+id+"/restore", m{}) // once

	combo := h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"box/x"}}).str("combo.id")
	h.call(204, "DELETE /api/combos/"+combo, nil)
	if g := h.call(200, "POST /api/combos/"+combo+"/restore", m{}); g.at("combo.isActive") != true || g.str("combo.name") != "one" {
		t.Errorf("the combo came back as %s", g.body)
	}

	key := h.call(201, "POST /api/keys", m{"name": "laptop"})
	h.call(204, "DELETE /api/keys/"+key.str("id"), nil)
	h.call(200, "POST /api/keys/"+key.str("id")+"/restore", m{})
	s := h.holder.Now()
	if _, dead := s.Revoked[s.Keys[key.str("id")].Hash]; dead {
		t.Error("the restored key is still revoked")
	}

	for _, name := range []string{"a", "b", "c"} {
		h.call(201, "POST /api/provider-models", m{"provider": "box", "modelId": name})
	}
	h.call(204, "DELETE /api/provider-models?provider=box&model=b", nil)
	h.call(200, "POST /api/provider-models/restore", m{"provider": "box", "model": "b"})
	if got := h.holder.Now().Custom; got[1].ID != "b" {
		t.Errorf("the custom model came back elsewhere: %v", got)
	}

	h.call(204, "DELETE /api/provider-nodes/"+node, nil)
	h.call(200, "POST /api/provider-nodes/"+node+"/restore", m{})
	if s := h.holder.Now(); len(s.Accounts) != 1 || len(s.Custom) != 3 || h.secret(id, "http://127.0.0.1:9") == "" {
		t.Errorf("the node came back with %d connections and %d models", len(s.Accounts), len(s.Custom))
	}
}

func TestWhatIsInTheWayOfARestore(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	combo := h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"demo/simulated"}}).str("combo.id")
	h.call(204, "DELETE /api/combos/"+combo, nil)
	other := h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"demo/simulated"}}).str("combo.id")
	h.call(409, "POST /api/combos/"+combo+"/restore", m{})
	h.call(204, "DELETE /api/combos/"+other, nil)
	h.call(200, "POST /api/combos/"+combo+"/restore", m{}) // what was in the way is gone
	h.call(204, "DELETE /api/combos/"+combo, nil)
	h.clock.advance(undoTime)
	h.call(404, "POST /api/combos/"+combo+"/restore", m{})
}

// TestAStartForgetsWhatWasDiscarded: the process died before the ten minutes
// were over.
func TestAStartForgetsWhatWasDiscarded(t *testing.T) {
	h := newHouse(t)
	node := h.node("box", "http://127.0.0.1:9")
	id, kept := h.connect(node, "sk-one"), h.connect(node, "sk-two")
	h.call(204, "DELETE /api/providers/"+id, nil)
	h.services.Providers.rooms.bin.items = nil // nothing of it survives
	h.tasks.Wait()
	h.services.EmptyBin()
	h.tasks.Wait()
	if h.secret(id, "http://127.0.0.1:9") != "" || len(h.holder.Now().Discarded) != 0 {
		t.Error("the key of a deleted connection is still there after a start")
	}
	if h.secret(kept, "http://127.0.0.1:9") != "sk-two" {
		t.Error("the key of another connection went with it")
	}
}

// TestAKeyWithoutItsConnectionIsForgotten: the process died between the vault
// and the settings, or the settings refused.
func TestAKeyWithoutItsConnectionIsForgotten(t *testing.T) {
	h := newHouse(t)
	r := h.services.Providers.rooms
	if err := r.keep(&config.Account{ID: "half"}, "http://127.0.0.1:9", "sk-half"); err != nil {
		t.Fatal(err)
	}
	h.services.EmptyBin()
	h.tasks.Wait()
	if h.secret("half", "http://127.0.0.1:9") != "" || len(h.holder.Now().Discarded) != 0 {
		t.Error("the key of a connection that was never made is still there")
	}
	node := h.node("box", "http://127.0.0.1:9")
	h.call(400, "POST /api/providers", map[string]any{"provider": node, "name": " ", "apiKey": "sk-x"})
	if sealed, _ := filepath.Glob(filepath.Join(h.dir, "vault", "*.sealed")); len(sealed) != 0 || len(h.holder.Now().Discarded) != 0 {
		t.Errorf("a refused connection left %v", sealed)
	}
}

func TestTheBinEmptiesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBin(time.Now)
		var gone []string
		put := func(id string) { b.put(discarded{kind: "x", id: id, gone: func() { gone = append(gone, id) }}) }
		put("a")
		put("b")
		time.Sleep(undoTime - time.Second)
		if b.take("x", "a") == nil || b.take("x", "a") != nil {
			t.Error("what can be restored can be restored once")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !slices.Equal(gone, []string{"b"}) || b.take("x", "b") != nil {
			t.Errorf("gone: %v, want b alone", gone)
		}
	})
}
