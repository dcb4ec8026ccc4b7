package config

import (
	"bytes"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/joho/godotenv"

	"omniroute/backend/fault"
)

// Defaults of the process.
const (
	DefaultPort     = 20128
	DefaultShutdown = 30 * time.Second
	minPassword     = 8 // characters, where others than this machine can reach us
)

// Env is what flags and environment decide about the process (contract.md
// 1.2). It is read once, before anything is opened.
type Env struct {
	DataDir string // absolute
	Port    int    // DefaultPort when not said
	Host    string // IP address to listen on, "" = loopback, IPv4 and IPv6

	BaseURLs []string // BASE_URL, NEXT_PUBLIC_BASE_URL as given, without duplicates

	InitialPassword fault.Secret // "" = none; placeholders do not count
	APIKeySecret    fault.Secret // "" = generate
	JWTSecret       fault.Secret // "" = generate
	VaultKey        fault.Secret // "" = key file

	CookieSecure    bool
	TLSCert, TLSKey string // files, both or none
	AllowPlainHTTP  bool
	CORSOrigins     []string // exact origins for /v1

	ShutdownTimeout time.Duration
	HeaderTimeout   time.Duration // FETCH_TIMEOUT_MS, 0 = ours
	IdleTimeout     time.Duration // STREAM_IDLE_TIMEOUT_MS, 0 = ours
	MaxBody         int64         // bytes of a request body, 0 = ours
	LogLevel        slog.Level
	Proxy           Proxy

	Overrides Overrides // of stored settings, with the locks to show
	File      string    // the .env file that was read, "" = none
	Warnings  []string  // one line each, without secrets

	origin func(name string) string // where a variable was set, for locks
}

// Proxy is the environment's wish for outbound connections, in the usual
// words of HTTP_PROXY and friends.
type Proxy struct{ HTTP, HTTPS, All, No string }

// Source is where the environment is read from; ProcessSource is the real
// one.
type Source struct {
	Environ  []string // NAME=value
	ReadFile func(path string) ([]byte, error)
	Home     string // home directory, "" = unknown
	AppData  string // Windows' %APPDATA%
	OS       string // runtime.GOOS
	Machine  string // host name of this machine
	Dir      string // working directory
}

// ProcessSource reads the environment of this process.
func ProcessSource() Source {
	s := Source{Environ: os.Environ(), ReadFile: os.ReadFile, AppData: os.Getenv("APPDATA"), OS: runtime.GOOS}
	// What is unknown stays "": each use says what it needs.
	s.Home, _ = os.UserHomeDir()
	s.Machine, _ = os.Hostname()
	s.Dir, _ = os.Getwd()
	return s
}

// defaultDataDir is rulings.md 4.5: XDG is not read.
func (s *Source) defaultDataDir() string {
	if s.OS == "windows" && s.AppData != "" {
		return filepath.Join(s.AppData, "omniroute")
	}
	if s.Home == "" {
		return ""
	}
	return filepath.Join(s.Home, ".omniroute")
}

// LoadEnv reads environment and .env file. What cannot be used becomes a
// warning; an error (fault.Invalid) means that the process must not start: an
// address that others can reach without protection, or with a weak password.
func LoadEnv(s Source) (*Env, error) {
	vars := make(map[string]string)
	for _, kv := range s.Environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			vars[name] = value
		}
	}
	e := &Env{Port: DefaultPort, ShutdownTimeout: DefaultShutdown}
	fromFile := e.loadFile(s, vars)
	e.origin = func(name string) string {
		if fromFile[name] {
			return name + " in " + e.File
		}
		return name + " in the environment"
	}
	if err := e.placeData(s, vars["DATA_DIR"]); err != nil {
		return nil, err
	}
	e.readAll(s, vars)
	return e, e.guard()
}

// loadFile reads the first .env file that exists (F010) and adds what the
// environment does not say.
func (e *Env) loadFile(s Source, vars map[string]string) (fromFile map[string]bool) {
	fromFile = make(map[string]bool)
	var dirs []string
	for _, dir := range [...]string{vars["DATA_DIR"], s.defaultDataDir(), s.Dir} {
		if dir != "" {
			dirs = append(dirs, s.absolute(dir))
		}
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, ".env")
		data, err := s.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		e.File = path
		if err != nil {
			e.warn("%s cannot be read and is left out. Check its permissions.", path)
			return fromFile
		}
		values, err := godotenv.Parse(bytes.NewReader(data))
		if err != nil {
			e.warn("%s is not in the form NAME=value and is left out.", path)
			return fromFile
		}
		for name, value := range values {
			if _, set := vars[name]; !set {
				vars[name] = value
				fromFile[name] = true
			}
		}
		return fromFile
	}
	return fromFile
}

func (s *Source) absolute(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && s.Home != "" && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator) {
		path = filepath.Join(s.Home, rest)
	}
	if !filepath.IsAbs(path) && s.Dir != "" {
		path = filepath.Join(s.Dir, path)
	}
	return filepath.Clean(path)
}

func (e *Env) placeData(s Source, dataDir string) error {
	e.DataDir = dataDir
	if dataDir == "" {
		e.DataDir = s.defaultDataDir()
	}
	if e.DataDir == "" {
		return fault.New(fault.Invalid, "config.env", "There is no home directory to keep data in. Set DATA_DIR.")
	}
	e.DataDir = s.absolute(e.DataDir)
	return nil
}

// guard refuses to be reachable from elsewhere without protection
// (rulings.md 1.5, 4.5) and closes what must then be closed.
func (e *Env) guard() error {
	if e.Loopback() {
		if isPlaceholder(e.InitialPassword.Reveal()) {
			e.InitialPassword = ""
			e.warn("INITIAL_PASSWORD is left out: it is the example of the documentation, which everybody knows. Set a password in the dashboard.")
		}
		return nil
	}
	if e.TLSCert == "" && !e.AllowPlainHTTP {
		return fault.New(fault.Invalid, "config.env", "HOSTNAME=%s would let other machines in without encryption. Set OMNIROUTE_TLS_CERT and OMNIROUTE_TLS_KEY, or OMNIROUTE_ALLOW_PLAIN_HTTP=1 behind a proxy that does TLS, or remove HOSTNAME.", e.Host)
	}
	if p := e.InitialPassword.Reveal(); p != "" && (len(p) < minPassword || isPlaceholder(p)) {
		return fault.New(fault.Invalid, "config.env", "INITIAL_PASSWORD is too weak for an address that other machines can reach. Use at least %d characters and no example from the documentation.", minPassword)
	}
	why := "The gateway listens on " + e.Host + ", where other machines can reach it."
	e.lock(&e.Overrides.RequireAPIKey, true, "requireApiKey", why)
	e.lock(&e.Overrides.RequireLogin, true, "requireLogin", why)
	return nil
}

// lock overrides a switch for a reason; an earlier reason gives way.
func (e *Env) lock(to **bool, value bool, setting, why string) {
	*to = &value
	e.Overrides.Locks = slices.DeleteFunc(e.Overrides.Locks, func(l Lock) bool { return l.Setting == setting })
	e.show(setting, map[bool]string{true: "true", false: "false"}[value], why)
}

func (e *Env) show(setting, value, why string) {
	e.Overrides.Locks = append(e.Overrides.Locks, Lock{Setting: setting, Value: value, Why: why})
}

// Loopback reports whether only this machine can reach the listen address.
func (e *Env) Loopback() bool {
	return e.Host == "" || net.ParseIP(e.Host).IsLoopback()
}

// OwnHosts are the host names of the base URLs, lower case, without ports:
// what a Host header may say besides loopback.
func (e *Env) OwnHosts() []string {
	var hosts []string
	for _, b := range e.BaseURLs {
		u, err := url.Parse(b)
		if err != nil {
			continue // readAll keeps only what parses
		}
		if h := strings.ToLower(u.Hostname()); !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}
