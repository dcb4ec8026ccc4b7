package desktop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"omniroute/backend/i18n"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func words(t *testing.T) *i18n.Catalogues {
	t.Helper()
	c, err := i18n.Load(os.DirFS("../../frontend/src/i18n"), "desktop", "conditions")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// flat writes a menu as lines, as a person reads it.
func flat(items []Item, indent string) (out []string) {
	for _, it := range items {
		switch {
		case it.Hidden:
			continue
		case it.Separator:
			out = append(out, indent+"--")
			continue
		}
		mark := ""
		if it.Check {
			mark = map[bool]string{true: "[x] ", false: "[ ] "}[it.Checked]
		}
		if it.Disabled {
			mark += "("
			it.Label += ")"
		}
		out = append(out, indent+mark+it.Label)
		out = append(out, flat(it.Items, indent+"  ")...)
	}
	return out
}

func TestMenu(t *testing.T) {
	combos := []Combo{{"1", "coding_fast", true}, {"2", "free & open", false}}
	at := time.Date(2026, 11, 25, 15, 4, 0, 0, time.Local)
	for _, x := range []struct {
		name, language string
		in             Standing
		want           string
	}{
		{"fresh", "en", Standing{CanLogin: true}, `(OmniRoute: Ready)
Open dashboard
--
(No combo yet)
Copy endpoint
Pause gateway
  For 15 minutes
  For 1 hour
  Until I resume
--
[ ] Start at login
Quit OmniRoute`},
		{"in use", "pt-BR", Standing{Combos: combos, LoginItem: true, CanLogin: true}, `(OmniRoute: Pronto)
Abrir painel
--
Combo ativo: coding_fast
  [x] coding_fast
  [ ] free & open
Copiar endpoint
Pausar gateway
  Por 15 minutos
  Por 1 hora
  Até eu retomar
--
[x] Iniciar com o sistema
Sair do OmniRoute`},
		{"paused", "ko", Standing{State: Paused, PausedUntil: at}, `(OmniRoute: 15:04까지 일시 중지됨)
대시보드 열기
--
(아직 콤보가 없습니다)
엔드포인트 복사
게이트웨이 다시 시작
--
OmniRoute 종료`},
		{"trouble", "en", Standing{State: Broken, Trouble: "No step can answer", More: 2, Combos: combos[1:]}, `(No step can answer, and 2 more)
Open dashboard
--
Choose the active combo
  [ ] free & open
Copy endpoint
Pause gateway
  For 15 minutes
  For 1 hour
  Until I resume
--
Quit OmniRoute`},
	} {
		got := strings.Join(flat(Menu(words(t).In(x.language), x.in), ""), "\n")
		if got != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, got, x.want)
		}
	}
}

// TestMenuKeepsItsLines: a tray changes lines and never removes one.
func TestMenuKeepsItsLines(t *testing.T) {
	w := words(t).In("en")
	first := Menu(w, Standing{})
	for _, s := range []Standing{
		{State: Paused}, {State: Broken, Trouble: "x"}, {CanLogin: true, LoginItem: true}, {Combos: []Combo{{"1", "a", true}}},
	} {
		next := Menu(w, s)
		if len(next) != len(first) {
			t.Fatalf("%+v has %d lines, others %d", s, len(next), len(first))
		}
		for i := range next {
			if next[i].Separator != first[i].Separator || next[i].Check != first[i].Check || next[i].Disabled != first[i].Disabled {
				t.Errorf("%+v: line %d changes its kind", s, i)
			}
		}
	}
}

func TestNamesFitAMenu(t *testing.T) {
	got := plain("two\nlines \t and " + strings.Repeat("길", 60))
	if n := len([]rune(got)); n != longestName || strings.ContainsAny(got, "\n\t") || !strings.HasSuffix(got, "…") {
		t.Errorf("%q has %d characters", got, n)
	}
	for goos, want := range map[string]string{"linux": "a__b & c", "windows": "a_b && c", "darwin": "a_b & c"} {
		if got := escape(goos, "a_b & c"); got != want {
			t.Errorf("%s: %q, want %q", goos, got, want)
		}
	}
}

// TestIconsDifferInShape: without their colours, too.
func TestIconsDifferInShape(t *testing.T) {
	shapes := map[string]State{}
	for _, s := range []State{Ready, Paused, Attention, Broken} {
		img, err := png.Decode(bytes.NewReader(s.Template()))
		if err != nil {
			t.Fatal(err)
		}
		var alpha strings.Builder
		for y := range iconSize {
			for x := range iconSize {
				_, _, _, a := img.At(x, y).RGBA()
				alpha.WriteByte(byte('0' + a>>13))
			}
		}
		if other, same := shapes[alpha.String()]; same {
			t.Errorf("the icons of %d and %d have the same shape", s, other)
		}
		shapes[alpha.String()] = s
		if img, err := png.Decode(bytes.NewReader(s.PNG())); err != nil || img.Bounds() != image.Rect(0, 0, iconSize, iconSize) {
			t.Errorf("icon of %d: %v", s, err)
		}
		if ico := s.ICO(); !bytes.HasPrefix(ico, []byte{0, 0, 1, 0, 1, 0}) || !bytes.Equal(ico[22:], s.PNG()) {
			t.Errorf("the Windows icon of %d is no icon file around its PNG", s)
		}
	}
}

func TestPlace(t *testing.T) {
	dir := t.TempDir()
	if p := LoadPlace(dir); p.Known || p.Width != firstWidth || p.Height != firstHeight {
		t.Errorf("a first start gets %+v", p)
	}
	saved := Place{X: 10, Y: 20, Width: 900, Height: 700, Maximised: true}
	if err := saved.Save(dir); err != nil {
		t.Fatal(err)
	}
	saved.Known = true
	if p := LoadPlace(dir); p != saved {
		t.Errorf("%+v came back as %+v", saved, p)
	}
	for _, bad := range []string{"{", `{"width":-5,"height":3}`, ""} {
		if err := os.WriteFile(filepath.Join(dir, placeFile), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if p := LoadPlace(dir); p.Known {
			t.Errorf("%q was taken for a place: %+v", bad, p)
		}
	}
	for _, x := range []struct {
		name   string
		at     Place
		screen Screen
		want   Place
	}{
		{"fits", Place{X: 5, Y: 6, Width: 900, Height: 700}, Screen{1920, 1080}, Place{X: 5, Y: 6, Width: 900, Height: 700}},
		{"the screen is gone", Place{X: 2500, Y: 1500, Width: 900, Height: 700}, Screen{1920, 1080}, Place{X: 1020, Y: 380, Width: 900, Height: 700}},
		{"left of it", Place{X: -800, Y: -90, Width: 900, Height: 700}, Screen{1920, 1080}, Place{Width: 900, Height: 700}},
		{"became smaller", Place{X: 100, Y: 100, Width: 3000, Height: 2000}, Screen{1280, 800}, Place{Width: 1280, Height: 800}},
		{"tiny", Place{Width: 3, Height: 3}, Screen{1280, 800}, Place{Width: MinWidth, Height: MinHeight}},
		{"unknown screen", Place{X: 9999, Width: 900, Height: 700}, Screen{}, Place{X: 9999, Width: 900, Height: 700}},
	} {
		x.at.Known, x.want.Known = true, true
		if got := x.at.Clamp(x.screen); got != x.want {
			t.Errorf("%s: %+v, want %+v", x.name, got, x.want)
		}
	}
}

// release is what the end of a process does to an instance.
func release(in *Instance) error { return errors.Join(in.Close(), in.lock.Unlock()) }

func TestFirstWindowFits(t *testing.T) {
	for _, x := range []struct {
		screen Screen
		w, h   int
	}{{Screen{1920, 1080}, firstWidth, firstHeight}, {Screen{1280, 800}, 1152, 720}, {Screen{1366, 768}, firstWidth, 691}} {
		if got := LoadPlace(t.TempDir()).Clamp(x.screen); got.Width != x.w || got.Height != x.h {
			t.Errorf("on %v the first window is %d by %d, want %d by %d", x.screen, got.Width, got.Height, x.w, x.h)
		}
	}
}

func TestOneCopyRunsAndHearsTheNext(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), strings.Repeat("long/", 30))} {
		if Running(dir) {
			t.Fatal("an unused directory counts as running")
		}
		in, err := Acquire(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Acquire(dir); !errors.Is(err, ErrRunning) {
			t.Fatalf("a second copy got %v", err)
		}
		if !Running(dir) {
			t.Error("the running copy is not seen")
		}
		if err := Tell(t.Context(), dir, Ask{Do: AskOpen, Args: []string{"--port", "1"}}); err != nil {
			t.Fatal(err)
		}
		if ask := <-in.Asks(); ask.Do != AskOpen || strings.Join(ask.Args, " ") != "--port 1" {
			t.Errorf("heard %+v", ask)
		}
		gone := make(chan error, 1)
		go func() { gone <- WaitGone(t.Context(), dir) }()
		if err := release(in); err != nil {
			t.Fatal(err)
		}
		if err := <-gone; err != nil {
			t.Error(err)
		}
		again, err := Enter(t.Context(), dir, Ask{Do: AskOpen})
		if err != nil || again == nil {
			t.Fatalf("after the end of the first: %v", err)
		}
		if err := release(again); err != nil {
			t.Error(err)
		}
	}
}

// TestOneOfManyStartsWins: as when somebody double-clicks twice.
func TestOneOfManyStartsWins(t *testing.T) {
	dir := t.TempDir()
	var won, told, failed int
	var winner *Instance
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			in, err := Enter(context.Background(), dir, Ask{Do: AskOpen})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case in != nil:
				won, winner = won+1, in
			case err == nil:
				told++
			default:
				failed++
			}
		})
	}
	wg.Wait()
	if won != 1 || failed != 0 {
		t.Errorf("%d copies run, %d told it, %d failed", won, told, failed)
	}
	if err := release(winner); err != nil {
		t.Error(err)
	}
}

// TestNonsenseOnTheSocketIsIgnored: nothing that arrives there stops the
// program.
func TestNonsenseOnTheSocketIsIgnored(t *testing.T) {
	dir := t.TempDir()
	in, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "\n", "{}x\n", strings.Repeat("a", 2*maxAsk)} {
		conn, err := dialSoon(t.Context(), in.path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(text)) // it may be hung up on
		conn.Close()
	}
	if err := Tell(t.Context(), dir, Ask{Do: AskQuit}); err != nil {
		t.Fatal(err)
	}
	if ask := <-in.Asks(); ask.Do != AskQuit {
		t.Errorf("heard %+v", ask)
	}
	if err := release(in); err != nil {
		t.Error(err)
	}
}

func TestLoginItem(t *testing.T) {
	if os.Getenv("OMNIROUTE_LOGIN_CHILD") == "" {
		// go-autostart reads the environment when the program starts.
		runChild(t, "TestLoginItem", "OMNIROUTE_LOGIN_CHILD=1", "HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "APPIMAGE=/opt/100% Omni Route.AppImage")
		return
	}
	var login LoginItem = SystemLogin{}
	state := func() bool {
		on, err := login.Enabled()
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	set := func(on bool) {
		if err := login.Set(on); err != nil {
			t.Fatal(err)
		}
	}
	if state() {
		t.Error("on before anybody switched it on")
	}
	for range 2 { // twice: see desktop.md 3.8
		set(true)
		if !state() {
			t.Error("off after it was switched on")
		}
	}
	file := filepath.Join(os.Getenv("HOME"), ".config", "autostart", loginName+".desktop")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := `Exec="/opt/100%% Omni Route.AppImage" "--hidden"`; !strings.Contains(string(text), want) && !strings.Contains(string(text), `Exec="/opt/100%% Omni Route.AppImage" --hidden`) {
		t.Errorf("the entry does not start the image:\n%s", text)
	}
	if err := os.WriteFile(file, append(text, "X-GNOME-Autostart-enabled=false\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if state() {
		t.Error("an entry that the desktop's settings switched off counts as on")
	}
	set(true)
	if !state() {
		t.Error("switching it on again had no effect")
	}
	for range 2 {
		set(false)
		if state() {
			t.Error("on after it was switched off")
		}
	}
}

func TestAskIsPlainJSON(t *testing.T) {
	text, err := json.Marshal(Ask{Do: AskOpen, Args: []string{"--hidden"}})
	if err != nil || string(text) != `{"do":"open","args":["--hidden"]}` {
		t.Errorf("%s, %v: another version could not read it", text, err)
	}
}
