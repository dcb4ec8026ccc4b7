// Package backend_test is the house test: the plan of ARCHITECTURE.md,
// checked against the source.
package backend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors is section 3 of ARCHITECTURE.md: a room imports only lower floors.
var floors = map[string]int{
	"fault": 0, "i18n": 0,
	"llm": 1, "catalog": 1, "events": 1, "wire/jscan": 1,
	"config": 2, "wire": 2, "health": 2,
	"wire/openai": 3, "wire/responses": 3, "wire/anthropic": 3, "wire/gemini": 3, "wire/ollama": 3,
	"egress": 3, "routing": 3, "resilience": 3, "cache": 3, "usage": 3,
	"accounts": 4, "wire/all": 4,
	"providers": 5, "store": 5,
	"dispatch": 6,
	"gateway":  7, "control": 7,
	"daemon": 8, "desktop": 8,
}

// testRooms may be imported by tests only, and import what they like.
var testRooms = []string{"testkit", "wire/wiretest"}

// doors are the third-party packages a room may use (by prefix).
var doors = map[string][]string{
	"accounts": {"golang.org/x/crypto", "golang.org/x/sync", "github.com/zalando/go-keyring"},
	"config":   {"github.com/joho/godotenv"},
	"control":  {"golang.org/x/crypto"},
	"desktop":  {"fyne.io/systray", "github.com/gen2brain/beeep", "github.com/emersion/go-autostart", "github.com/godbus/dbus", "github.com/gofrs/flock", "golang.org/x/sys"},
	"egress":   {"golang.org/x/net"},
	"gateway":  {"github.com/klauspost/compress"},
	"store":    {"modernc.org/sqlite", "github.com/pressly/goose", "github.com/gofrs/flock"},
}

const (
	maxFile     = 500
	maxFunction = 80
)

type source struct {
	room string // "" = the top level of backend
	path string
	test bool
	file *ast.File
}

func load(t *testing.T, fset *token.FileSet) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		room := path.Dir(filepath.ToSlash(p))
		if room == "." {
			room = ""
		}
		out = append(out, source{room, p, strings.HasSuffix(p, "_test.go"), f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func isTestRoom(room string) bool {
	return slices.ContainsFunc(testRooms, func(r string) bool { return room == r || strings.HasPrefix(room, r+"/") })
}

func TestFloorsAndDoors(t *testing.T) {
	for _, s := range load(t, token.NewFileSet()) {
		if s.test || s.room == "" || isTestRoom(s.room) {
			continue
		}
		floor, known := floors[s.room]
		if !known {
			t.Errorf("%s: room %q has no floor; a new room needs a sentence in ARCHITECTURE.md", s.path, s.room)
			continue
		}
		for _, imp := range s.file.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if err := allowedImport(s.room, floor, name); err != "" {
				t.Errorf("%s imports %s: %s", s.path, name, err)
			}
		}
	}
}

func allowedImport(room string, floor int, name string) string {
	if inner, ours := strings.CutPrefix(name, "omniroute/backend/"); ours {
		below, known := floors[inner]
		switch {
		case isTestRoom(inner):
			return "only tests may"
		case !known:
			return "an unknown room"
		case below >= floor:
			return "not a lower floor"
		case inner == "store" && room != "daemon":
			return "only daemon imports store"
		case inner == "health" && room != "control" && room != "desktop" && room != "daemon":
			return "only control, desktop and daemon import health"
		}
		return ""
	}
	if name == "database/sql" && room != "store" {
		return "only store speaks SQL"
	}
	if !strings.Contains(strings.Split(name, "/")[0], ".") {
		return "" // standard library
	}
	if slices.ContainsFunc(doors[room], func(d string) bool { return strings.HasPrefix(name, d) }) {
		return ""
	}
	return "not a door of this room"
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range load(t, token.NewFileSet()) {
		if s.test {
			continue
		}
		if _, seen := documented[s.room]; !seen {
			documented[s.room] = false
		}
		if s.file.Doc != nil && strings.HasPrefix(s.file.Doc.Text(), "Package ") || s.file.Doc != nil && strings.HasPrefix(s.file.Doc.Text(), "Command ") {
			documented[s.room] = true
		}
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("package %q has no package comment", room)
		}
	}
}

func TestNoInitAndNoChangingVariables(t *testing.T) {
	for _, s := range load(t, token.NewFileSet()) {
		if s.test || isTestRoom(s.room) {
			continue
		}
		vars := packageVars(s.file)
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init()", s.path)
				}
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					if id := root(l); id != nil && id.Obj != nil && vars[id.Obj.Decl] && n.Tok != token.DEFINE {
						t.Errorf("%s: assigns to the package variable %s", s.path, id.Name)
					}
				}
			}
			return true
		})
	}
}

// packageVars holds the declarations of a file's package variables.
func packageVars(f *ast.File) map[any]bool {
	out := map[any]bool{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			out[spec] = true
		}
	}
	return out
}

// root is the identifier an assignment's left side begins with.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func TestSizes(t *testing.T) {
	fset := token.NewFileSet()
	for _, s := range load(t, fset) {
		lines := fset.Position(s.file.End()).Line
		if lines > maxFile && !isTable(s.file, fset) {
			t.Errorf("%s has %d lines, the limit is %d: split where a second idea begins", s.path, lines, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test || isList(f) {
				continue
			}
			if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines, the limit is %d", s.path, f.Name.Name, n, maxFunction)
			}
		}
	}
}

// isList reports functions that return one expression and do nothing else: a
// table with a parameter.
func isList(f *ast.FuncDecl) bool {
	if f.Body == nil || len(f.Body.List) != 1 {
		return false
	}
	r, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(r.Results) != 1 {
		return false
	}
	call, ok := r.Results[0].(*ast.CallExpr)
	return ok && !slices.ContainsFunc(call.Args, func(a ast.Expr) bool { _, inner := a.(*ast.FuncLit); return inner })
}

// isTable reports files that are mostly one composite literal.
func isTable(f *ast.File, fset *token.FileSet) bool {
	lines := 0
	ast.Inspect(f, func(n ast.Node) bool {
		if c, ok := n.(*ast.CompositeLit); ok {
			lines += fset.Position(c.End()).Line - fset.Position(c.Pos()).Line
			return false
		}
		return true
	})
	return lines*2 > fset.Position(f.End()).Line
}

func TestNames(t *testing.T) {
	for _, s := range load(t, token.NewFileSet()) {
		for _, part := range strings.Split(strings.TrimSuffix(filepath.ToSlash(s.path), ".go"), "/") {
			switch strings.TrimSuffix(part, "_test") {
			case "util", "utils", "helper", "helpers", "common", "misc", "manager", "managers":
				t.Errorf("%s: %q says nothing about what it is", s.path, part)
			}
		}
	}
}

func TestDirectDependenciesAreThePlannedOnes(t *testing.T) {
	allowed := map[string]bool{"github.com/alecthomas/kong": true, "github.com/wailsapp/wails": true, "go.uber.org/goleak": true, "github.com/google/go-cmp": true}
	for _, list := range doors {
		for _, d := range list {
			allowed[d] = true
		}
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(mod), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || strings.HasSuffix(line, "// indirect") || !strings.Contains(f[0], ".") {
			continue
		}
		name := f[0]
		if i := strings.Index(name, "/v"); i > 0 && !allowed[name] {
			name = name[:i]
		}
		if !allowed[name] {
			t.Errorf("go.mod requires %s, which no room's door names", f[0])
		}
	}
}
