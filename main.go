// Command omniroute is a gateway between coding agents and language models.
// It chooses the face, window or server, and does nothing else.
package main

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"

	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/daemon"
	"omniroute/backend/i18n"
)

// dist is the dashboard as vite built it into dist/app; without a build it
// holds nothing but the file "keep". words are the catalogues of every face.
var (
	//go:embed all:frontend/dist
	dist embed.FS
	//go:embed frontend/src/i18n
	words embed.FS
)

// under is a folder of what is embedded. The error of fs.Sub is one of a path
// that is no path, which these are not.
func under(f embed.FS, folder string) fs.FS {
	sub, err := fs.Sub(f, folder)
	if err != nil {
		panic(err)
	}
	return sub
}

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev"

// commands is the command line of both faces.
type commands struct {
	face
	Status  status           `cmd:"" help:"Say whether the gateway runs, and where."`
	Explain explain          `cmd:"" help:"Say where a request for a model would go now, and why."`
	Open    open             `cmd:"" help:"Open the dashboard of the running gateway in a browser."`
	Keys    keys             `cmd:"" help:"API keys for agents."`
	Reset   resetPassword    `cmd:"" name:"reset-password" help:"Set a new password for the dashboard. It is printed once."`
	V       kong.VersionFlag `name:"version" short:"v" help:"Print the version."`
}

type serve struct {
	Port   int  `help:"Port to listen on (1-65535)." placeholder:"N"`
	NoOpen bool `help:"Do not open a browser."`
}

type status struct{}

type open struct{}

type explain struct {
	Model   string `arg:"" help:"As an agent asks for it: a model, an alias or a combo."`
	Format  string `help:"Format of the client: openai-chat, openai-responses, anthropic or gemini." placeholder:"FORMAT"`
	Session string `help:"What the agent sends as X-Session-Id." placeholder:"ID"`
}

type resetPassword struct{}

type keys struct {
	Create createKey `cmd:"" help:"Make an API key. It is printed once."`
}

type createKey struct {
	Name string `arg:"" help:"What the key is for, e.g. laptop."`
}

// ballast is never touched, so it takes no memory; it makes the collector
// wait for 16 MB of garbage instead of 4, which on a gateway with a small live
// heap saves a tenth of the CPU time.
const ballast = 16 << 20

func main() {
	weight := make([]byte, ballast)
	defer runtime.KeepAlive(weight)
	var c commands
	parser := kong.Must(&c, kong.Name("omniroute"), kong.Description("One local endpoint for every coding agent and every model."),
		kong.UsageOnError(), kong.Vars{"version": version})
	ctx, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := ctx.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "omniroute:", daemon.Sentence(err))
		os.Exit(1)
	}
}

// options are what both faces tell the daemon.
func (s *serve) options() (daemon.Options, error) {
	env, err := environment()
	if err != nil {
		return daemon.Options{}, err
	}
	if s.Port != 0 {
		if s.Port < 1 || s.Port > 65535 {
			return daemon.Options{}, fmt.Errorf("--port must be between 1 and 65535, not %s", strconv.Itoa(s.Port))
		}
		env.Port = s.Port
	}
	return daemon.Options{
		Env: env, Version: version, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: env.LogLevel})),
		Assets: under(dist, "frontend/dist/app"), Words: under(words, "frontend/src/i18n"),
	}, nil
}

// Run serves until SIGTERM or SIGINT; a second signal ends at once.
func (s *serve) Run() error {
	o, err := s.options()
	if err != nil {
		return err
	}
	d, err := daemon.New(o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := d.Start(ctx); err != nil {
		return err
	}
	d.Announce(os.Stdout)
	if !s.NoOpen && control.HasDisplay(runtime.GOOS, os.LookupEnv) {
		if err := d.OpenBrowser(); err != nil {
			o.Log.Warn(daemon.Sentence(err), "error", err)
		}
	}
	<-ctx.Done()
	stop() // from here on a second signal has its usual, immediate effect
	bounded, cancel := context.WithTimeout(context.Background(), o.Env.ShutdownTimeout)
	defer cancel()
	return d.Stop(bounded)
}

func environment() (*config.Env, error) { return config.LoadEnv(config.ProcessSource()) }

func client() (*control.Client, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	return control.ClientFor(control.ClientOptions{DataDir: env.DataDir, Host: env.Host, Port: env.Port, TLSCert: env.TLSCert})
}

func (status) Run() error {
	c, err := client()
	if err != nil {
		return err
	}
	said, err := i18n.Load(under(words, "frontend/src/i18n"), "cli", "conditions")
	if err != nil {
		return err
	}
	lines, err := c.Status(context.Background(), said, terminalLocale())
	for _, line := range lines {
		fmt.Println(line)
	}
	return err
}

// terminalLocale is the locale of the terminal's messages, "" = none is set.
func terminalLocale() string {
	return cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
}

func (e *explain) Run() error {
	c, err := client()
	if err != nil {
		return err
	}
	said, err := i18n.Load(under(words, "frontend/src/i18n"), "cli", "reasons")
	if err != nil {
		return err
	}
	lines, err := c.Explain(context.Background(), said, terminalLocale(), control.Question{Model: e.Model, Format: e.Format, Session: e.Session})
	for _, line := range lines {
		fmt.Println(line)
	}
	return err
}

func (open) Run() error {
	c, err := client()
	if err != nil {
		return err
	}
	return c.Open(context.Background())
}

// Run prints the key alone on standard output, so that it can be piped.
func (k *createKey) Run() error {
	c, err := client()
	if err != nil {
		return err
	}
	key, err := c.CreateKey(context.Background(), k.Name)
	if err == nil {
		fmt.Println(key.Reveal())
	}
	return err
}

// Run prints the password alone on standard output.
func (resetPassword) Run() error {
	c, err := client()
	if err != nil {
		return err
	}
	fresh, err := c.ResetPassword(context.Background())
	if err == nil {
		fmt.Println(fresh.Reveal())
	}
	return err
}
