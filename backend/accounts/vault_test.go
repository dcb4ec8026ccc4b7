package accounts

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"omniroute/backend/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const planted = "sk-upstream-PLANTED-7Qd2-secret"

func vault(t testing.TB, dir string, key fault.Secret) *FileVault {
	t.Helper()
	v, err := OpenFileVault(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func put(t testing.TB, v Vault, id, binding, secret string) {
	t.Helper()
	if err := v.Put(id, binding, []byte(secret)); err != nil {
		t.Fatal(err)
	}
}

func TestSecretsSurviveReopening(t *testing.T) {
	for name, key := range map[string]fault.Secret{
		"key file":   "",
		"hex":        fault.Secret(strings.Repeat("0123456789abcdef", 4)),
		"base64":     fault.Secret(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))),
		"passphrase": "correct horse battery staple",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			v := vault(t, dir, key)
			put(t, v, "a1", "https://x.test:443", "old")
			put(t, v, "a1", "https://x.test:443", planted)
			put(t, v, "gone", "h", "x")
			for range 2 {
				if err := v.Delete("gone"); err != nil {
					t.Fatal(err)
				}
			}
			again := vault(t, dir, key)
			got, err := again.Get("a1", "https://x.test:443")
			if err != nil || string(got) != planted {
				t.Errorf("got %q, %v", got, err)
			}
			for _, c := range [][2]string{{"gone", "h"}, {"a1", "https://y.test:443"}, {"never", ""}} {
				if _, err := again.Get(c[0], c[1]); !errors.Is(err, ErrNoSecret) {
					t.Errorf("%q for %q: %v, want ErrNoSecret", c[0], c[1], err)
				}
			}
			noTrace(t, dir, planted)
			private(t, dir)
		})
	}
}

// noTrace searches every file for a secret, plain and in the encodings it
// might slip through in.
func noTrace(t *testing.T, dir, secret string) {
	t.Helper()
	forms := []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, form := range forms {
			if bytes.Contains(data, []byte(form)) {
				t.Errorf("%s holds the secret in clear", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, vaultDir), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		want := os.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnotherKeyIsAnErrorNotANewVault(t *testing.T) {
	hex := fault.Secret(strings.Repeat("0123456789abcdef", 4))
	otherHex := fault.Secret(strings.Repeat("fedcba9876543210", 4))
	for name, c := range map[string]struct{ made, opened fault.Secret }{
		"other passphrase":       {"first zebra", "second zebra"},
		"passphrase missing":     {"first zebra", ""},
		"other raw key":          {hex, otherHex},
		"raw key missing":        {hex, ""},
		"passphrase for raw key": {hex, "zebra phrase"},
		"raw key for passphrase": {"zebra phrase", hex},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, vault(t, dir, c.made), "a", "h", "secret")
			before := tree(t, dir)
			_, err := OpenFileVault(dir, c.opened)
			if err == nil {
				t.Fatal("it opened")
			}
			public := fault.As(err).Public
			if !strings.Contains(public, "OMNIROUTE_VAULT_KEY") || strings.Contains(err.Error(), c.opened.Reveal()) && c.opened != "" {
				t.Errorf("error %q: it must name the variable and not its value", err)
			}
			if tree(t, dir) != before {
				t.Error("files were changed")
			}
			if got, err := vault(t, dir, c.made).Get("a", "h"); err != nil || string(got) != "secret" {
				t.Errorf("with the right key: %q, %v", got, err)
			}
		})
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		b.WriteString(path + "=" + string(data) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLostPartsAreNotMadeAnew(t *testing.T) {
	for _, lost := range []string{keyFile, vaultFile} {
		t.Run(lost, func(t *testing.T) {
			dir := t.TempDir()
			put(t, vault(t, dir, ""), "a", "h", "secret")
			if err := os.Remove(filepath.Join(dir, vaultDir, lost)); err != nil {
				t.Fatal(err)
			}
			_, err := OpenFileVault(dir, "")
			if err == nil || !strings.Contains(fault.As(err).Public, "backup") {
				t.Errorf("error %v, want one that names the way back", err)
			}
			if _, err := os.Stat(filepath.Join(dir, vaultDir, lost)); err == nil {
				t.Error("the lost file was made anew")
			}
		})
	}
}

func TestKeyFileStaysTheChoice(t *testing.T) {
	dir := t.TempDir()
	put(t, vault(t, dir, ""), "a", "h", "secret")
	v := vault(t, dir, "a passphrase that came later")
	if got, err := v.Get("a", "h"); err != nil || string(got) != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
	if v.Warning == "" {
		t.Error("nobody hears that OMNIROUTE_VAULT_KEY is not used")
	}
}

func TestDeathWhileMakingTheVault(t *testing.T) {
	dir := t.TempDir()
	put(t, vault(t, dir, ""), "a", "h", "secret")
	if err := os.Remove(filepath.Join(dir, vaultDir, "a"+sealedExt)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, vaultDir, vaultFile)); err != nil { // key file there, choice not yet
		t.Fatal(err)
	}
	put(t, vault(t, dir, ""), "a", "h", "secret")
	if got, err := vault(t, dir, "").Get("a", "h"); err != nil || string(got) != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSwappedAndSpoiltFilesDoNotOpen(t *testing.T) {
	dir := t.TempDir()
	v := vault(t, dir, "")
	put(t, v, "a", "h", "secret of a")
	put(t, v, "b", "h", "secret of b")
	file := func(id string) string { return filepath.Join(dir, vaultDir, id+sealedExt) }
	whole, err := os.ReadFile(file("b"))
	if err != nil {
		t.Fatal(err)
	}
	rebound := bytes.Replace(whole, []byte("\x01h"), []byte("\x01i"), 1) // the host in clear, edited
	cases := map[string][]byte{"swapped": whole, "rebound": rebound, "empty": {}, "cut": whole[:len(whole)-1], "text": []byte("secret of a")}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1
		cases["bit of byte "+string(rune('0'+i%10))+string(rune('a'+i/10))] = flipped
	}
	for name, data := range cases {
		if err := os.WriteFile(file("a"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, binding := range []string{"h", "i"} {
			if got, err := v.Get("a", binding); err == nil {
				t.Fatalf("%s opened for %s: %q", name, binding, got)
			}
		}
	}
}

func TestIdsStayInsideTheVault(t *testing.T) {
	v := vault(t, t.TempDir(), "")
	for _, id := range []string{"", ".", "..", "../x", "a/b", `a\b`, "a:b", "a\x00b", strings.Repeat("x", 300)} {
		if err := v.Put(id, "h", []byte("s")); err == nil {
			t.Errorf("Put took %q", id)
		}
		if _, err := v.Get(id, "h"); err == nil || errors.Is(err, ErrNoSecret) {
			t.Errorf("Get took %q", id)
		}
		if err := v.Delete(id); err == nil {
			t.Errorf("Delete took %q", id)
		}
	}
}

func TestLocalAndVaultSecrets(t *testing.T) {
	dir := t.TempDir()
	one, err := LocalSecret(dir, "api-key-secret")
	if err != nil || len(one) != 64 {
		t.Fatalf("%d characters, %v", len(one.Reveal()), err)
	}
	if two, err := LocalSecret(dir, "api-key-secret"); err != nil || two != one {
		t.Errorf("the second call made another one (%v)", err)
	}
	if other, err := LocalSecret(dir, "other"); err != nil || other == one {
		t.Errorf("two names share a secret (%v)", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "other"), []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LocalSecret(dir, "other"); err == nil {
		t.Error("an emptied secret was accepted")
	}
	v := vault(t, dir, "")
	a, err := VaultSecret(v, "cache")
	if err != nil || len(a) != 32 {
		t.Fatal(err)
	}
	if b, err := VaultSecret(v, "cache"); err != nil || !bytes.Equal(a, b) {
		t.Errorf("the second call made another one (%v)", err)
	}
	boom := errors.New("boom")
	if _, err := VaultSecret(BrokenVault{boom}, "cache"); !errors.Is(err, boom) {
		t.Errorf("a broken vault: %v", err)
	}
}
