package gateway

import (
	"html/template"
	"net/http"
	"strconv"
)

// CSP is what every page of ours is served with (rulings 1.8).
const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// pageText is the one page there is before the dashboard: where to point an
// agent, what can be asked for, and a line to try it with.
const pageText = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>OmniRoute</title>
<style>
:root{--ink:#1c2024;--soft:#60646c;--line:#d9dbe0;--ground:#fcfcfd;--card:#fff;--accent:#2b5fd9}
@media (prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#b0b4ba;--line:#34373c;--ground:#111113;--card:#18191b;--accent:#84a9ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem 4rem}
h1{font-size:1.75rem;letter-spacing:-.02em;margin:0 0 .25rem}
h2{font-size:1rem;margin:2.25rem 0 .5rem}
p{margin:.25rem 0;color:var(--soft)}
code,pre{font:13.5px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1rem;margin:.5rem 0;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
table{border-collapse:collapse;width:100%;font-size:.95rem}
td,th{text-align:left;padding:.4rem .5rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:500;color:var(--soft);width:12rem}
ul{list-style:none;margin:.5rem 0;padding:0;columns:2;column-gap:2rem}
@media (max-width:36rem){ul{columns:1}th{width:auto}}
li{break-inside:avoid;padding:.15rem 0;overflow-wrap:anywhere}
.tag{color:var(--accent);font-size:.8rem;margin-left:.4rem}
</style>
<main>
<h1>OmniRoute</h1>
<p>The gateway runs. Point a coding agent at it, in whichever dialect it speaks.</p>
<h2>Endpoints</h2>
<table>
<tr><th scope="row">OpenAI, Codex, Cursor, Cline</th><td><code>{{.Base}}/v1</code></td></tr>
<tr><th scope="row">Anthropic, Claude Code</th><td><code>{{.Base}}</code></td></tr>
<tr><th scope="row">Gemini CLI</th><td><code>{{.Base}}</code></td></tr>
<tr><th scope="row">Ollama clients</th><td><code>{{.Base}}</code></td></tr>
</table>
<h2>Try it</h2>
<p>This line works at once: the built-in demo answers without any account and says that it is simulated.</p>
<pre><code>{{.Curl}}</code></pre>
{{if .Closed}}<h2>Models</h2>
<p>An API key is required here, and it shows the models it may use: <code>GET {{.Base}}/v1/models</code>.</p>
{{else}}<h2>Models you can ask for ({{.Count}})</h2>
<ul>{{range .Models}}<li><code>{{.ID}}</code>{{if .Tag}}<span class="tag">{{.Tag}}</span>{{end}}</li>
{{end}}</ul>
{{if .More}}<p>{{.More}} more are in <code>GET /v1/models</code>.</p>{{end}}
{{end}}<p>Connect a provider with <code>POST {{.Base}}/api/providers</code>; see the README.</p>
</main>
</html>
`

// pageModels bounds the list on the page.
const pageModels = 60

// Page serves GET and HEAD of /.
func (s *Server) Page() http.HandlerFunc {
	page := template.Must(template.New("page").Parse(pageText))
	type entry struct{ ID, Tag string }
	return func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
		snap := s.Config.Now()
		closed := s.RequireKey(snap) // whoever has no key learns no names
		var items []item
		if !closed {
			items = s.usable(snap).items
		}
		var list []entry
		for i := range items[:min(len(items), pageModels)] {
			tag := ""
			switch items[i].owner {
			case "combo", "demo":
				tag = items[i].owner
			}
			list = append(list, entry{items[i].id, tag})
		}
		more := ""
		if len(items) > pageModels {
			more = strconv.Itoa(len(items) - pageModels)
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", CSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if r.Method == http.MethodHead {
			return
		}
		page.Execute(w, map[string]any{"Base": base, "Curl": Curl(base), "Models": list, "Count": len(items), "More": more, "Closed": closed})
	}
}

// Curl is the line that works on a fresh install.
func Curl(base string) string {
	return "curl " + base + `/v1/chat/completions -d '{"model":"demo/simulated","messages":[{"role":"user","content":"Hello"}]}'`
}
