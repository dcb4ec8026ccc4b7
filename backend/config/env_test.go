package config

import (
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"omniroute/backend/fault"
)

// source is a machine of the test's making.
func source(files map[string]string, environ ...string) Source {
	return Source{
		Environ: environ, Home: "/home/u", OS: "linux", Machine: "box", Dir: "/work",
		ReadFile: func(path string) ([]byte, error) {
			text, ok := files[filepath.ToSlash(path)]
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			if text == "forbidden" {
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
			}
			return []byte(text), nil
		},
	}
}

func load(t *testing.T, s Source) *Env {
	t.Helper()
	e, err := LoadEnv(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNothingSaid(t *testing.T) {
	e := load(t, source(nil, "HOME=/home/u", "PATH=/bin", "SHELL=/bin/sh"))
	if e.Port != 20128 || e.Host != "" || !e.Loopback() || e.DataDir != "/home/u/.omniroute" || e.ShutdownTimeout != 30*time.Second || e.LogLevel != slog.LevelInfo {
		t.Errorf("defaults: %+v", e)
	}
	if len(e.Warnings) > 0 || len(e.Overrides.Locks) > 0 || e.File != "" {
		t.Errorf("warnings %q, locks %v, file %q; want none", e.Warnings, e.Overrides.Locks, e.File)
	}
}

func TestWhichFileIsRead(t *testing.T) {
	all := map[string]string{"/data/.env": "PORT=1001", "/home/u/.omniroute/.env": "PORT=1002", "/work/.env": "PORT=1003\nDATA_DIR=/elsewhere"}
	without := func(names ...string) map[string]string {
		m := map[string]string{}
		for k, v := range all {
			if !slices.Contains(names, k) {
				m[k] = v
			}
		}
		return m
	}
	for name, c := range map[string]struct {
		files   map[string]string
		environ []string
		port    int
		data    string
	}{
		"data directory first":   {all, []string{"DATA_DIR=/data"}, 1001, "/data"},
		"then the home":          {all, nil, 1002, "/home/u/.omniroute"},
		"then here":              {without("/home/u/.omniroute/.env"), nil, 1003, "/elsewhere"},
		"only the first":         {map[string]string{"/home/u/.omniroute/.env": "REQUIRE_API_KEY=true", "/work/.env": "PORT=1003"}, nil, 20128, "/home/u/.omniroute"},
		"environment wins":       {all, []string{"PORT=7"}, 7, "/home/u/.omniroute"},
		"even when empty":        {all, []string{"PORT="}, 20128, "/home/u/.omniroute"},
		"quotes and comments":    {map[string]string{"/work/.env": "# hi\nexport PORT=\"1004\" # there\nDATA_DIR='/my dir'\n"}, nil, 1004, "/my dir"},
		"unreadable is no error": {map[string]string{"/home/u/.omniroute/.env": "forbidden", "/work/.env": "PORT=1003"}, nil, 20128, "/home/u/.omniroute"},
		"relative and tilde":     {nil, []string{"DATA_DIR=~/x/../y"}, 20128, "/home/u/y"},
		"below here":             {nil, []string{"DATA_DIR=data"}, 20128, "/work/data"},
		"XDG is not read":        {nil, []string{"XDG_CONFIG_HOME=/xdg"}, 20128, "/home/u/.omniroute"},
	} {
		t.Run(name, func(t *testing.T) {
			e := load(t, source(c.files, c.environ...))
			if e.Port != c.port || filepath.ToSlash(e.DataDir) != c.data {
				t.Errorf("port %d, data %s; want %d, %s (%q)", e.Port, e.DataDir, c.port, c.data, e.Warnings)
			}
		})
	}
	s := source(nil)
	s.OS, s.AppData = "windows", "/Users/u/AppData/Roaming"
	if e := load(t, s); filepath.ToSlash(e.DataDir) != "/Users/u/AppData/Roaming/omniroute" {
		t.Errorf("data directory on Windows: %s", e.DataDir)
	}
}

// The documents' .env as it stands must start (rulings.md 4.5).
func TestDocumentedFileStarts(t *testing.T) {
	e := load(t, source(map[string]string{"/work/.env": `
JWT_SECRET=omniroute-default-secret-change-me
INITIAL_PASSWORD=123456
PORT=20128
HOSTNAME=localhost
NODE_ENV=production
BASE_URL=http://localhost:20128
CLOUD_URL=https://omniroute.dev
API_KEY_SECRET=endpoint-proxy-api-key-secret
REQUIRE_API_KEY=false
ENABLE_REQUEST_LOGS=false
AUTH_COOKIE_SECURE=false
NEXT_PUBLIC_BASE_URL=http://localhost:20128
`}))
	if e.JWTSecret != "" || e.APIKeySecret != "" || e.InitialPassword != "" {
		t.Error("a placeholder was taken for a secret")
	}
	if len(e.Warnings) != 5 { // three placeholders, NODE_ENV, CLOUD_URL
		t.Errorf("warnings:\n%s", strings.Join(e.Warnings, "\n"))
	}
	if e.Overrides.RequireAPIKey == nil || *e.Overrides.RequireAPIKey || len(e.BaseURLs) != 1 || !slices.Equal(e.OwnHosts(), []string{"localhost"}) {
		t.Errorf("overrides %+v, base URLs %q", e.Overrides, e.BaseURLs)
	}
	if l, ok := e.Overrides.LockOf("port"); !ok || l.Why != "It is set by PORT in /work/.env." {
		t.Errorf("lock of the port: %+v", l)
	}
}

func TestListenAddress(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		host    string
		fails   string // part of the refusal
		warns   int
	}{
		"localhost":            {[]string{"HOSTNAME=LocalHost"}, "", "", 0},
		"loopback":             {[]string{"HOSTNAME=127.0.0.1"}, "127.0.0.1", "", 0},
		"loopback v6":          {[]string{"HOSTNAME=[::1]"}, "::1", "", 0},
		"machine":              {[]string{"HOSTNAME=box"}, "", "", 1},
		"another name":         {[]string{"HOSTNAME=example.com"}, "", "", 1},
		"open":                 {[]string{"HOSTNAME=0.0.0.0"}, "", "encryption", 0},
		"open v6":              {[]string{"HOSTNAME=::"}, "", "encryption", 0},
		"half of TLS":          {[]string{"HOSTNAME=0.0.0.0", "OMNIROUTE_TLS_CERT=c"}, "", "encryption", 0},
		"TLS":                  {[]string{"HOSTNAME=192.168.1.5", "OMNIROUTE_TLS_CERT=c", "OMNIROUTE_TLS_KEY=k"}, "192.168.1.5", "", 0},
		"plain":                {[]string{"HOSTNAME=0.0.0.0", "OMNIROUTE_ALLOW_PLAIN_HTTP=1"}, "0.0.0.0", "", 0},
		"example password":     {[]string{"HOSTNAME=0.0.0.0", "OMNIROUTE_ALLOW_PLAIN_HTTP=1", "INITIAL_PASSWORD=123456"}, "", "too weak", 0},
		"short password":       {[]string{"HOSTNAME=0.0.0.0", "OMNIROUTE_ALLOW_PLAIN_HTTP=1", "INITIAL_PASSWORD=abc12"}, "", "too weak", 0},
		"good password":        {[]string{"HOSTNAME=0.0.0.0", "OMNIROUTE_ALLOW_PLAIN_HTTP=1", "INITIAL_PASSWORD=correct horse"}, "0.0.0.0", "", 0},
		"short but local":      {[]string{"INITIAL_PASSWORD=abc12"}, "", "", 0},
		"plain must be a flag": {[]string{"HOSTNAME=0.0.0.0", "OMNIROUTE_ALLOW_PLAIN_HTTP=maybe"}, "", "encryption", 0},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := LoadEnv(source(nil, c.environ...))
			if c.fails != "" {
				if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.As(err).Public, c.fails) {
					t.Errorf("error %v, want one about %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.Host != c.host || len(e.Warnings) != c.warns {
				t.Errorf("host %q, warnings %q; want %q and %d", e.Host, e.Warnings, c.host, c.warns)
			}
			forced := e.Overrides.RequireAPIKey != nil && *e.Overrides.RequireAPIKey && e.Overrides.RequireLogin != nil && *e.Overrides.RequireLogin
			if forced == e.Loopback() {
				t.Errorf("loopback %v, keys and login forced %v", e.Loopback(), forced)
			}
		})
	}
	e := load(t, source(nil, "HOSTNAME=0.0.0.0", "OMNIROUTE_ALLOW_PLAIN_HTTP=1", "REQUIRE_API_KEY=false"))
	if !*e.Overrides.RequireAPIKey {
		t.Error("REQUIRE_API_KEY=false opened an address that others can reach")
	}
}

func TestValues(t *testing.T) {
	e := load(t, source(nil, "LOG_LEVEL=DEBUG", "FETCH_TIMEOUT_MS=1500", "STREAM_IDLE_TIMEOUT_MS=2000", "SHUTDOWN_TIMEOUT_MS=500", "MAX_BODY_SIZE_BYTES=4096",
		"CORS_ORIGIN=https://A.example:8443/, http://b.example", "LOG_RETENTION_DAYS=7", "ENABLE_SOCKS5_PROXY=yes", "https_proxy=http://p:1", "NO_PROXY=a,b",
		"API_KEY_SECRET=s3cr3t-value", "AUTH_COOKIE_SECURE=1", "BASE_URL=https://Gate.example", "OMNIROUTE_VAULT_KEY=pass phrase"))
	if e.LogLevel != slog.LevelDebug || e.HeaderTimeout != 1500*time.Millisecond || e.IdleTimeout != 2*time.Second || e.ShutdownTimeout != 500*time.Millisecond || e.MaxBody != 4096 ||
		!slices.Equal(e.CORSOrigins, []string{"https://a.example:8443", "http://b.example"}) || *e.Overrides.LogRetentionDays != 7 || !*e.Overrides.EnableSocks5Proxy ||
		e.Proxy != (Proxy{HTTPS: "http://p:1", No: "a,b"}) || e.APIKeySecret != "s3cr3t-value" || !e.CookieSecure || !slices.Equal(e.OwnHosts(), []string{"gate.example"}) || e.VaultKey != "pass phrase" {
		t.Errorf("%+v", e)
	}
	if len(e.Warnings) > 0 {
		t.Errorf("warnings %q", e.Warnings)
	}
}

func TestEveryWrongValueIsOneWarning(t *testing.T) {
	for _, kv := range []string{"PORT=0", "PORT=abc", "PORT=70000", "REQUIRE_API_KEY=perhaps", "LOG_LEVEL=loud", "FETCH_TIMEOUT_MS=-1", "MAX_BODY_SIZE_BYTES=10MB", "CORS_ORIGIN=*",
		"CORS_ORIGIN=https://a.example/path", "BASE_URL=localhost:20128", "LOG_RETENTION_DAYS=0", "JWT_SECRET=your-secure-secret-change-this", "INITIAL_PASSWORD=CHANGEME",
		"OMNIROUTE_TLS_CERT=only", "OMNIROUTE_TYPO=1", "STORAGE_ENCRYPTION_KEY=k", "GEMINI_OAUTH_CLIENT_SECRET=x", "CLI_CLAUDE_BIN=/x", "SEMANTIC_CACHE_TTL_MS=1", "NODE_ENV=production"} {
		e := load(t, source(nil, kv))
		name, value, _ := strings.Cut(kv, "=")
		if len(e.Warnings) != 1 || !strings.HasPrefix(e.Warnings[0], name) {
			t.Errorf("%s: warnings %q, want one that begins with the name", kv, e.Warnings)
		}
		if len(value) > 12 && strings.Contains(strings.Join(e.Warnings, ""), value) {
			t.Errorf("%s: the warning repeats the value", kv)
		}
	}
}

// The contract's own list (F020-F034): no name may be unknown to us.
func TestNoVariableOfTheContractIsForgotten(t *testing.T) {
	known := map[string]bool{}
	for _, v := range variables() {
		if (v.read == nil) == (v.unused == "") {
			t.Errorf("%s must be read or have a reason, not both", v.name)
		}
		known[v.name] = true
	}
	for _, name := range strings.Fields(`JWT_SECRET INITIAL_PASSWORD DATA_DIR PORT HOSTNAME NODE_ENV BASE_URL CLOUD_URL API_KEY_SECRET REQUIRE_API_KEY ENABLE_REQUEST_LOGS
		AUTH_COOKIE_SECURE NEXT_PUBLIC_BASE_URL *_OAUTH_CLIENT_ID *_OAUTH_CLIENT_SECRET STORAGE_ENCRYPTION_KEY LOG_RETENTION_DAYS LOG_TO_FILE LOG_FILE_PATH LOG_MAX_FILE_SIZE LOG_LEVEL
		FETCH_TIMEOUT_MS STREAM_IDLE_TIMEOUT_MS CORS_ORIGIN ENABLE_SOCKS5_PROXY ENABLE_TLS_FINGERPRINT HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY MAX_BODY_SIZE_BYTES PROMPT_CACHE_*
		SEMANTIC_CACHE_* PROXY_LOG_MAX_ENTRIES CALL_LOGS_MAX CLOUD_SYNC_TIMEOUT_MS CLI_MODE CLI_EXTRA_PATHS CLI_CONFIG_HOME CLI_ALLOW_CONFIG_WRITES CLI_*_BIN
		ALLOW_MULTI_CONNECTIONS_PER_COMPAT_NODE INPUT_SANITIZER_* PII_REDACTION_ENABLED MACHINE_ID_SALT OMNIROUTE_MEMORY_MB SHUTDOWN_TIMEOUT_MS`) {
		if !known[name] {
			t.Errorf("%s is missing from the list", name)
		}
	}
}
