package desktop

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What cannot be built without Apple's headers is at least type-checked, cgo
// files included (desktop.md 6).

type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	CgoFiles   []string
	ImportMap  map[string]string
	Error      *struct{ Err string }
}

// packagesFor lists the whole program as built for a system, dependencies
// first.
func packagesFor(t *testing.T, goos string, args ...string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,CgoFiles,ImportMap,Error"}, args...)...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=arm64", "CGO_ENABLED=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &said)
	}
	var list []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		list = append(list, p)
	}
}

type checker struct {
	fset *token.FileSet
	done map[string]*types.Package
}

type importer struct {
	c    *checker
	from listed
}

func (i importer) Import(path string) (*types.Package, error) {
	if to, ok := i.from.ImportMap[path]; ok {
		path = to
	}
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := i.c.done[path]; p != nil {
		return p, nil
	}
	return nil, errors.New("not type-checked: " + path)
}

// check type-checks one package; bodies only where they touch the system.
func (c *checker) check(t *testing.T, p listed) {
	if p.ImportPath == "unsafe" {
		return
	}
	var files []*ast.File
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		f, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		files = append(files, f)
	}
	closely := strings.HasPrefix(p.ImportPath, "omniroute") || strings.Contains(p.ImportPath, "wailsapp") || strings.Contains(p.ImportPath, "systray")
	conf := types.Config{
		Importer: importer{c, p}, FakeImportC: true, IgnoreFuncBodies: !closely, Sizes: types.SizesFor("gc", "arm64"),
		Error: func(err error) {
			if closely {
				t.Error(err)
			}
		},
	}
	pkg, _ := conf.Check(p.ImportPath, c.fset, files, nil) // its errors went to Error
	c.done[p.ImportPath] = pkg
}

func TestTheWindowTypeChecksForMacOS(t *testing.T) {
	c := &checker{token.NewFileSet(), map[string]*types.Package{}}
	cgo := map[string]bool{}
	list := packagesFor(t, "darwin", "-tags", "desktop,production", ".")
	for _, p := range list {
		c.check(t, p)
		if len(p.CgoFiles) > 0 && !p.Standard {
			cgo[p.ImportPath] = true
		}
	}
	for _, want := range []string{"omniroute/backend/desktop", "fyne.io/systray", "github.com/wailsapp/wails/v2/internal/frontend/desktop/darwin"} {
		if !cgo[want] {
			t.Errorf("%s has no cgo file for macOS: this test looks at the wrong files", want)
		}
	}
	t.Logf("%d packages, %d of them with cgo", len(list), len(cgo))
}

var (
	objcClass = regexp.MustCompile(`(?m)^@implementation\s+(\w+)\s*$`)
	cFunction = regexp.MustCompile(`(?m)^(?:extern\s+"C"\s+)?(?:const\s+)?[A-Za-z_]\w*[ *]+(\w+)\s*\([^;{}]*\)\s*\{`)
	cgoExport = regexp.MustCompile(`(?m)^//export\s+(\w+)`)
)

// symbols are the names that a macOS linker would see of a folder.
func symbols(t *testing.T, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		darwin := strings.HasSuffix(name, ".m") || strings.HasSuffix(name, ".mm") || strings.HasSuffix(name, ".go") && forDarwin(t, file)
		if !darwin || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		patterns := []*regexp.Regexp{objcClass, cFunction}
		if strings.HasSuffix(name, ".go") {
			patterns = []*regexp.Regexp{cgoExport}
		}
		for _, p := range patterns {
			for _, m := range p.FindAllSubmatch(text, -1) {
				if !bytes.HasPrefix(bytes.TrimSpace(m[0]), []byte("static")) {
					out[string(m[1])] = true
				}
			}
		}
	}
	return out
}

// forDarwin reports Go files with cgo that are built for macOS.
func forDarwin(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(`import "C"`)) {
		return false
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if expr, err := constraint.Parse(line); err == nil && constraint.IsGoBuild(line) {
			return expr.Eval(func(tag string) bool { return slices.Contains([]string{"darwin", "cgo", "desktop", "production"}, tag) })
		}
	}
	return strings.HasSuffix(file, "_darwin.go")
}

// TestTrayAndWindowShareNoSymbols: libraries that both bring their own
// AppKit code have clashed at link time before (desktop.md 2).
func TestTrayAndWindowShareNoSymbols(t *testing.T) {
	dirs := map[string]string{}
	for _, p := range packagesFor(t, "darwin", "-tags", "desktop,production", ".") {
		if !p.Standard && len(p.CgoFiles) > 0 {
			dirs[p.ImportPath] = p.Dir
		}
	}
	if len(dirs) < 3 {
		t.Fatalf("only %v has cgo files for macOS", dirs)
	}
	owner := map[string]string{}
	for path, dir := range dirs {
		found := symbols(t, dir)
		if len(found) == 0 && path != "github.com/wailsapp/wails/v2/pkg/assetserver/webview" {
			t.Errorf("%s has no symbols: this test looks at the wrong files", path)
		}
		for s := range found {
			if other, taken := owner[s]; taken {
				t.Errorf("%s and %s both define %s: the macOS build will not link", path, other, s)
			}
			owner[s] = path
		}
	}
	if owner["SystrayAppDelegate"] == "" || owner["AppDelegate"] == "" {
		t.Errorf("the application delegates of systray and Wails were not found among %d symbols", len(owner))
	}
}
