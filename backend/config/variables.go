package config

import (
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/fault"
)

// variable is one name of contract.md 1.2: either it is read, or there is a
// reason why it is not. A name may hold * for a family.
type variable struct {
	name   string
	read   func(e *Env, s Source, value string) error // the error is a reason to leave the value out
	unused string
}

// variables is the whole list, in the order of the contract.
func variables() []variable {
	return []variable{
		{name: "JWT_SECRET", read: secret(func(e *Env) *fault.Secret { return &e.JWTSecret })},
		{name: "INITIAL_PASSWORD", read: password},
		{name: "DATA_DIR", read: dataDir},
		{name: "PORT", read: port},
		{name: "HOSTNAME", read: hostname},
		{name: "NODE_ENV", unused: "there is only one way to run"},
		{name: "BASE_URL", read: baseURL},
		{name: "CLOUD_URL", unused: "settings are not sent to a cloud service"},
		{name: "API_KEY_SECRET", read: secret(func(e *Env) *fault.Secret { return &e.APIKeySecret })},
		{name: "REQUIRE_API_KEY", read: toggle("REQUIRE_API_KEY", "requireApiKey", func(e *Env) **bool { return &e.Overrides.RequireAPIKey })},
		{name: "ENABLE_REQUEST_LOGS", read: toggle("ENABLE_REQUEST_LOGS", "enableRequestLogs", func(e *Env) **bool { return &e.Overrides.EnableRequestLogs })},
		{name: "AUTH_COOKIE_SECURE", read: flag(func(e *Env) *bool { return &e.CookieSecure })},
		{name: "NEXT_PUBLIC_BASE_URL", read: baseURL},
		{name: "NEXT_PUBLIC_CLOUD_URL", unused: "settings are not sent to a cloud service"},
		{name: "*_OAUTH_CLIENT_ID", unused: "no provider of this version signs in with OAuth"},
		{name: "*_OAUTH_CLIENT_SECRET", unused: "no provider of this version signs in with OAuth"},
		{name: "STORAGE_ENCRYPTION_KEY", unused: "the database holds no secrets; the vault is sealed with OMNIROUTE_VAULT_KEY"},
		{name: "LOG_RETENTION_DAYS", read: retention},
		{name: "LOG_TO_FILE", unused: "the log goes to standard error"},
		{name: "LOG_FILE_PATH", unused: "the log goes to standard error"},
		{name: "LOG_MAX_FILE_SIZE", unused: "the log goes to standard error"},
		{name: "LOG_LEVEL", read: logLevel},
		{name: "FETCH_TIMEOUT_MS", read: milliseconds(func(e *Env) *time.Duration { return &e.HeaderTimeout })},
		{name: "STREAM_IDLE_TIMEOUT_MS", read: milliseconds(func(e *Env) *time.Duration { return &e.IdleTimeout })},
		{name: "CORS_ORIGIN", read: corsOrigin},
		{name: "ENABLE_SOCKS5_PROXY", read: toggle("ENABLE_SOCKS5_PROXY", "enableSocks5Proxy", func(e *Env) **bool { return &e.Overrides.EnableSocks5Proxy })},
		{name: "ENABLE_TLS_FINGERPRINT", unused: "this program does not imitate other programs"},
		{name: "HTTP_PROXY", read: text(func(e *Env) *string { return &e.Proxy.HTTP })},
		{name: "HTTPS_PROXY", read: text(func(e *Env) *string { return &e.Proxy.HTTPS })},
		{name: "ALL_PROXY", read: text(func(e *Env) *string { return &e.Proxy.All })},
		{name: "NO_PROXY", read: text(func(e *Env) *string { return &e.Proxy.No })},
		{name: "MAX_BODY_SIZE_BYTES", read: maxBody},
		{name: "PROMPT_CACHE_*", unused: "upstreams' own prompt caches are kept warm instead"},
		{name: "SEMANTIC_CACHE_*", unused: "the cache has fixed bounds"},
		{name: "PROXY_LOG_MAX_ENTRIES", unused: "records are kept by age and size, see LOG_RETENTION_DAYS"},
		{name: "CALL_LOGS_MAX", unused: "records are kept by age and size, see LOG_RETENTION_DAYS"},
		{name: "CLOUD_SYNC_TIMEOUT_MS", unused: "settings are not sent to a cloud service"},
		{name: "CLI_MODE", unused: "coding agents are found without it"},
		{name: "CLI_EXTRA_PATHS", unused: "coding agents are found without it"},
		{name: "CLI_CONFIG_HOME", unused: "coding agents are found without it"},
		{name: "CLI_ALLOW_CONFIG_WRITES", unused: "other programs' settings are changed only after a preview"},
		{name: "CLI_*_BIN", unused: "coding agents are found without it"},
		{name: "ALLOW_MULTI_CONNECTIONS_PER_COMPAT_NODE", unused: "several connections per node are always allowed"},
		{name: "INPUT_SANITIZER_*", unused: "requests are passed on as the agent wrote them"},
		{name: "PII_REDACTION_ENABLED", unused: "requests are passed on as the agent wrote them"},
		{name: "MACHINE_ID_SALT", unused: "keys hold nothing of the machine"},
		{name: "OMNIROUTE_MEMORY_MB", unused: "this program needs no heap limit"},
		{name: "API_PORT", unused: "one port serves API and dashboard, see PORT"},
		{name: "DASHBOARD_PORT", unused: "one port serves API and dashboard, see PORT"},
		{name: "API_HOST", unused: "one address serves API and dashboard, see HOSTNAME"},
		{name: "SHUTDOWN_TIMEOUT_MS", read: milliseconds(func(e *Env) *time.Duration { return &e.ShutdownTimeout })},
		{name: "OMNIROUTE_TLS_CERT", read: text(func(e *Env) *string { return &e.TLSCert })},
		{name: "OMNIROUTE_TLS_KEY", read: text(func(e *Env) *string { return &e.TLSKey })},
		{name: "OMNIROUTE_ALLOW_PLAIN_HTTP", read: flag(func(e *Env) *bool { return &e.AllowPlainHTTP })},
		{name: "OMNIROUTE_VAULT_KEY", read: secret(func(e *Env) *fault.Secret { return &e.VaultKey })},
	}
}

func (e *Env) warn(format string, args ...any) {
	e.Warnings = append(e.Warnings, fmt.Sprintf(format, args...))
}

// readAll goes through the list. Names outside of it are somebody else's,
// unless they carry our prefix.
func (e *Env) readAll(s Source, vars map[string]string) {
	for _, lower := range [...]string{"http_proxy", "https_proxy", "all_proxy", "no_proxy"} {
		if v, ok := vars[lower]; ok && vars[strings.ToUpper(lower)] == "" {
			vars[strings.ToUpper(lower)] = v
		}
	}
	names := slices.Sorted(maps.Keys(vars))
	known := make(map[string]bool)
	for _, v := range variables() {
		for _, name := range names {
			if match, err := path.Match(v.name, name); err != nil || !match {
				continue
			}
			known[name] = true
			if vars[name] == "" {
				continue // set to nothing: as if it were not
			}
			if v.read == nil {
				e.warn("%s is known but not used here: %s.", name, v.unused)
			} else if err := v.read(e, s, strings.TrimSpace(vars[name])); err != nil {
				e.warn("%s is left out: %v.", name, err)
			}
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "OMNIROUTE_") && !known[name] {
			e.warn("%s is not a setting of this version.", name)
		}
	}
	if (e.TLSCert == "") != (e.TLSKey == "") {
		e.warn("OMNIROUTE_TLS_CERT and OMNIROUTE_TLS_KEY only work together and are left out.")
		e.TLSCert, e.TLSKey = "", ""
	}
}

// isPlaceholder knows the values that stand in the documents for a secret:
// everybody has them, so they protect nothing.
func isPlaceholder(v string) bool {
	switch strings.ToLower(v) {
	case "omniroute-default-secret-change-me", "your-secure-secret-change-this", "endpoint-proxy-api-key-secret",
		"123456", "changeme", "change-me", "password", "admin":
		return true
	}
	return false
}

type reader = func(e *Env, s Source, value string) error

func secret(field func(*Env) *fault.Secret) reader {
	return func(e *Env, _ Source, v string) error {
		if isPlaceholder(v) {
			return fmt.Errorf("it is the example of the documentation, which everybody knows; one of our own is used instead")
		}
		*field(e) = fault.Secret(v)
		return nil
	}
}

// password lets guard judge a placeholder when others can reach us; on
// loopback it does not count. HOSTNAME is read later, so guard decides.
func password(e *Env, _ Source, v string) error {
	e.InitialPassword = fault.Secret(v)
	return nil
}

func text(field func(*Env) *string) reader {
	return func(e *Env, _ Source, v string) error {
		*field(e) = v
		return nil
	}
}

func parseBool(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "1", "true", "yes", "on":
		return true, nil
	case "0", "false", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("it must be true or false")
}

func flag(field func(*Env) *bool) reader {
	return func(e *Env, _ Source, v string) error {
		b, err := parseBool(v)
		if err == nil {
			*field(e) = b
		}
		return err
	}
}

func toggle(name, setting string, field func(*Env) **bool) reader {
	return func(e *Env, _ Source, v string) error {
		b, err := parseBool(v)
		if err == nil {
			e.lock(field(e), b, setting, "It is set by "+e.origin(name)+".")
		}
		return err
	}
}

func dataDir(e *Env, _ Source, _ string) error {
	e.show("dataDir", e.DataDir, "It is set by "+e.origin("DATA_DIR")+".")
	return nil
}

func port(e *Env, _ Source, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("it must be a number between 1 and 65535; %d is used", DefaultPort)
	}
	e.Port = n
	e.show("port", v, "It is set by "+e.origin("PORT")+".")
	return nil
}

// hostname counts when it is an address or localhost; shells and containers
// export the machine's name under it (rulings.md 1.5).
func hostname(e *Env, s Source, v string) error {
	host := strings.Trim(v, "[]")
	switch ip := net.ParseIP(host); {
	case strings.EqualFold(host, "localhost"):
		e.Host = ""
	case ip != nil:
		e.Host = ip.String()
	case strings.EqualFold(host, s.Machine):
		return fmt.Errorf("it is the name of this machine, which shells export; set an IP address to listen there")
	default:
		return fmt.Errorf("it must be an IP address or localhost; the gateway listens on this machine only")
	}
	e.show("hostname", v, "It is set by "+e.origin("HOSTNAME")+".")
	return nil
}

func baseURL(e *Env, _ Source, v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("it must be a URL that begins with http:// or https://")
	}
	if !slices.Contains(e.BaseURLs, v) {
		e.BaseURLs = append(e.BaseURLs, v)
	}
	return nil
}

func retention(e *Env, _ Source, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxRetention {
		return fmt.Errorf("it must be a number of days between 1 and %d", maxRetention)
	}
	e.Overrides.LogRetentionDays = &n
	e.show("logRetentionDays", v, "It is set by "+e.origin("LOG_RETENTION_DAYS")+".")
	return nil
}

func logLevel(e *Env, _ Source, v string) error {
	switch strings.ToLower(v) {
	case "trace", "verbose":
		v = "debug"
	case "warning":
		v = "warn"
	case "fatal", "silent":
		v = "error"
	}
	if e.LogLevel.UnmarshalText([]byte(v)) != nil {
		e.LogLevel = slog.LevelInfo
		return fmt.Errorf("it must be debug, info, warn or error")
	}
	return nil
}

func milliseconds(field func(*Env) *time.Duration) reader {
	return func(e *Env, _ Source, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 1 || n > int64(24*time.Hour/time.Millisecond) {
			return fmt.Errorf("it must be a number of milliseconds, at most a day")
		}
		*field(e) = time.Duration(n) * time.Millisecond
		return nil
	}
}

func maxBody(e *Env, _ Source, v string) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1024 {
		return fmt.Errorf("it must be a number of bytes, at least 1024")
	}
	e.MaxBody = n
	return nil
}

// corsOrigin takes exact origins; * is refused (rulings.md 1.7).
func corsOrigin(e *Env, _ Source, v string) error {
	var list []string
	for _, o := range strings.Split(v, ",") {
		o = strings.TrimSuffix(strings.TrimSpace(o), "/")
		if o == "" {
			continue
		}
		if o == "*" {
			return fmt.Errorf("* would let every web page use your accounts; list exact origins like https://app.example.com")
		}
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			return fmt.Errorf("each origin must be scheme and host, like https://app.example.com")
		}
		list = append(list, strings.ToLower(u.Scheme+"://"+u.Host))
	}
	e.CORSOrigins = list
	return nil
}
