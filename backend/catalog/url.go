package catalog

import (
	"net/url"
	"strings"

	"omniroute/backend/fault"
)

// Base is the URL that endpoint paths are joined to: the account's own base
// URL if it has one, else the catalogue's, with {placeholders} filled from
// params. A base URL is accepted with or without the version segment that the
// catalogue's has (api.md, Upstreams) and never ends in a slash. The error is
// fault.Invalid and names what is missing.
func (p *Provider) Base(override string, params map[string]string) (string, error) {
	base := p.BaseURL
	if override != "" {
		segment := p.Version
		if p.BaseURL != "" {
			segment = version(p.BaseURL)
		}
		base = withVersion(trimPasted(override), segment)
	}
	for _, param := range p.Params {
		hole := "{" + param.Name + "}"
		if !strings.Contains(base, hole) {
			continue
		}
		value := strings.TrimSpace(params[param.Name])
		if value == "" {
			return "", fault.New(fault.Invalid, "catalog.Base", "%s needs params.%s: %s.", p.Name, param.Name, param.Hint).
				With(func(e *fault.Error) { e.Param = "params." + param.Name })
		}
		if !plain(value) {
			return "", fault.New(fault.Invalid, "catalog.Base", "params.%s may hold only letters, digits, - and _: it is %s.", param.Name, param.Hint).
				With(func(e *fault.Error) { e.Param = "params." + param.Name })
		}
		base = strings.ReplaceAll(base, hole, value)
	}
	if base == "" {
		return "", fault.New(fault.Invalid, "catalog.Base", "%s needs a base URL.", p.Name).
			With(func(e *fault.Error) { e.Param = "baseUrl" })
	}
	return base, nil
}

// Join appends an endpoint path to a base. A version segment that both have
// counts once; a path that is a full URL stands alone. {model} in the path
// becomes the escaped model id, its slashes kept.
func Join(base, path, model string) string {
	if strings.Contains(path, "{model}") {
		path = strings.ReplaceAll(path, "{model}", escapeModel(model))
	}
	if strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://") {
		return path
	}
	base = strings.TrimRight(base, "/")
	if v := version(base); v != "" && strings.HasPrefix(path, "/"+v+"/") {
		path = path[len(v)+1:]
	}
	return base + path
}

// escapeModel keeps an id inside its place in the path: slashes stay, unless a
// part of it is a dot segment that would climb out.
func escapeModel(model string) string {
	parts := strings.Split(model, "/")
	for i, part := range parts {
		if part == "." || part == ".." {
			return url.PathEscape(model)
		}
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// plain reports whether a placeholder's value can only be one host label or
// path segment, so that it cannot move the key to another host.
func plain(s string) bool {
	for _, r := range s {
		if !(r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return false
		}
	}
	return true
}

// trimPasted drops what people paste along with a base URL: slashes at the
// end and the path of an endpoint.
func trimPasted(base string) string {
	base = strings.TrimRight(strings.TrimSpace(base), "/")
	for _, path := range []string{"/chat/completions", "/responses", "/messages", "/models"} {
		if rest, ok := strings.CutSuffix(base, path); ok {
			return strings.TrimRight(rest, "/")
		}
	}
	return base
}

// withVersion appends the version segment unless the base ends in one.
func withVersion(base, v string) string {
	if v == "" || version(base) != "" {
		return base
	}
	return base + "/" + v
}

// version is the last path segment of a base URL if it looks like v1, v1beta
// or v4, else "".
func version(base string) string {
	_, rest, ok := strings.Cut(base, "://")
	if !ok {
		return ""
	}
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return ""
	}
	s := rest[i+1:]
	if len(s) < 2 || s[0] != 'v' || s[1] < '0' || s[1] > '9' {
		return ""
	}
	return s
}
