package cache

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"omniroute/backend/fault"
)

// disk keeps sealed conversations in one folder per hour, so that what is too
// old is a whole folder and nothing needs an index: a conversation is looked
// for in at most 26 folders, by a name only its key can make.
//
// Files are written beside their place and renamed. They are not synced: what
// a power cut tears does not open and counts as not there.
type disk struct {
	dir   string
	aead  cipher.AEAD
	names []byte // key of the file names
	now   func() time.Time
	limit int64

	trouble atomic.Pointer[error]

	// Below is the writer's alone.
	sizes  map[int64]int64 // hour → bytes, as far as counted
	survey []int64         // hours of earlier runs, to be counted
	folder *os.File        // the one being counted
}

const (
	magic    = "omniconv1"
	fileExt  = ".conv"
	stepSize = 64 // files looked at in one step of tidying
)

func openDisk(dir string, secret []byte, now func() time.Time, limit int64) (*disk, error) {
	if len(secret) != 32 {
		return nil, fault.New(fault.Internal, "cache.open", "The key of the conversations must be 32 bytes long.")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Internal, "cache.open", err, "The folder "+dir+" cannot be made. Check that the data directory is writable.")
	}
	d := &disk{dir: dir, now: now, limit: limit, sizes: map[int64]int64{}}
	sealKey, err := hkdf.Key(sha256.New, secret, nil, "omniroute conversations: seal", 32)
	if err == nil {
		d.names, err = hkdf.Key(sha256.New, secret, nil, "omniroute conversations: names", 32)
	}
	var block cipher.Block
	if err == nil {
		block, err = aes.NewCipher(sealKey)
	}
	if err == nil {
		d.aead, err = cipher.NewGCM(block)
	}
	if err == nil {
		d.survey, err = d.hours()
	}
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "cache.open", err, "The folder "+dir+" cannot be used for conversations.")
	}
	return d, nil
}

func hour(t time.Time) int64 { return t.Unix() / 3600 }

func (d *disk) folderOf(h int64) string { return filepath.Join(d.dir, strconv.FormatInt(h, 10)) }

// hours lists the folders; there are about as many as the lifetime has hours.
func (d *disk) hours() ([]int64, error) {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, e := range entries {
		if h, err := strconv.ParseInt(e.Name(), 10, 64); err == nil && e.IsDir() {
			out = append(out, h)
		}
	}
	return out, nil
}

// name hides who owns a file and what it answers.
func (d *disk) name(k key) string {
	m := hmac.New(sha256.New, d.names)
	m.Write(bound(k))
	return hex.EncodeToString(m.Sum(nil)[:20]) + fileExt
}

// bound is what a sealed file is bound to: its caller and id, unmistakably.
func bound(k key) []byte {
	b := binary.AppendUvarint([]byte(magic), uint64(len(k.caller)))
	b = append(b, k.caller...)
	return append(b, k.id...)
}

// read looks for a conversation, newest folder first: one hour ahead, because
// clocks are set back, to the end of the lifetime.
func (d *disk) read(k key) (*entry, bool) {
	name, now := d.name(k), hour(d.now())
	for h := now + 1; h >= now-int64(Lifetime/time.Hour); h-- {
		path := filepath.Join(d.folderOf(h), name)
		sealed, err := readFile(path)
		if err != nil {
			continue
		}
		if e, ok := d.open(k, sealed); ok {
			return e, true
		}
		os.Remove(path) // damaged: it will never open
	}
	return nil, false
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 2*maxItems {
		return nil, errors.New("cache: not a conversation")
	}
	b := make([]byte, info.Size())
	_, err = io.ReadFull(f, b)
	return b, err
}

// seal makes a file: magic, nonce, and under the seal time, target and items.
func (d *disk) seal(e *entry) []byte {
	plain := make([]byte, 0, len(e.items)+len(e.minted.Provider)+len(e.minted.Account)+len(e.minted.Model)+32)
	plain = binary.BigEndian.AppendUint64(plain, uint64(e.at.UnixNano()))
	for _, s := range [...]string{e.minted.Provider, e.minted.Account, e.minted.Model} {
		plain = binary.AppendUvarint(plain, uint64(len(s)))
		plain = append(plain, s...)
	}
	plain = append(plain, e.items...)
	out := make([]byte, len(magic)+d.aead.NonceSize(), len(magic)+d.aead.NonceSize()+len(plain)+d.aead.Overhead())
	copy(out, magic)
	nonce := out[len(magic):]
	rand.Read(nonce) // never fails (crypto/rand)
	return d.aead.Seal(out, nonce, plain, bound(e.key))
}

func (d *disk) open(k key, sealed []byte) (*entry, bool) {
	head := len(magic) + d.aead.NonceSize()
	if len(sealed) < head || string(sealed[:len(magic)]) != magic {
		return nil, false
	}
	plain, err := d.aead.Open(sealed[head:head], sealed[len(magic):head], sealed[head:], bound(k))
	if err != nil || len(plain) < 8 {
		return nil, false
	}
	e := &entry{key: k, at: time.Unix(0, int64(binary.BigEndian.Uint64(plain)))}
	plain = plain[8:]
	for _, to := range [...]*string{&e.minted.Provider, &e.minted.Account, &e.minted.Model} {
		n, w := binary.Uvarint(plain)
		if w <= 0 || n > uint64(len(plain)-w) {
			return nil, false
		}
		*to = string(plain[w : w+int(n)])
		plain = plain[w+int(n):]
	}
	e.items = plain
	return e, true
}

// write puts a conversation into the folder of its hour and makes room when
// the files have become too many. Only the writer calls it.
func (d *disk) write(e *entry) {
	h := hour(e.at)
	sealed := d.seal(e)
	if err := d.place(h, d.name(e.key), sealed); err != nil {
		var public error = fault.Wrap(fault.Internal, "cache.write", err, "Conversations cannot be written to "+d.dir+". They are forgotten at the next start. Check the free space and the rights of that folder.")
		d.trouble.Store(&public)
		return
	}
	d.trouble.Store(nil)
	d.sizes[h] += int64(len(sealed))
	d.makeRoom()
}

// place writes beside the final name and renames; the file is 0600.
func (d *disk) place(h int64, name string, sealed []byte) error {
	dir := d.folderOf(h)
	f, err := os.CreateTemp(dir, ".new-*")
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o700); err == nil {
			f, err = os.CreateTemp(dir, ".new-*")
		}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(sealed)
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func (d *disk) total() (n int64) {
	for _, size := range d.sizes {
		n += size
	}
	return n
}

func (d *disk) oldest() (h int64, ok bool) {
	for k := range d.sizes {
		if !ok || k < h {
			h, ok = k, true
		}
	}
	return h, ok
}

// makeRoom deletes from the oldest hour until the files fit again.
func (d *disk) makeRoom() {
	for d.total() > d.limit {
		h, ok := d.oldest()
		if !ok {
			return
		}
		d.thin(h, d.total()-d.limit)
	}
}

// thin deletes up to one step of files of an hour, stopping when enough bytes
// are gone; an emptied folder goes too, and an hour of which nothing can be
// deleted is no longer counted, so that nobody comes back for it.
func (d *disk) thin(h, enough int64) {
	folder, err := os.Open(d.folderOf(h))
	if err != nil {
		delete(d.sizes, h)
		return
	}
	defer folder.Close()
	entries, err := folder.ReadDir(stepSize)
	if len(entries) == 0 {
		delete(d.sizes, h)
		if errors.Is(err, io.EOF) {
			os.Remove(d.folderOf(h))
		}
		return
	}
	removed := int64(0)
	for _, e := range entries {
		if removed >= enough {
			return
		}
		info, err := e.Info()
		if err != nil || os.Remove(filepath.Join(d.folderOf(h), e.Name())) != nil {
			continue
		}
		removed += info.Size()
		d.sizes[h] = max(d.sizes[h]-info.Size(), 0)
	}
	if removed == 0 {
		delete(d.sizes, h)
	}
}

// tidy takes one small step: of counting what earlier runs left, else of
// deleting an hour that is over. false means that all is tidy.
func (d *disk) tidy() bool {
	if d.count() {
		if len(d.survey) == 0 {
			d.makeRoom()
		}
		return true
	}
	h, ok := d.oldest()
	if !ok || h >= hour(d.now())-int64(Lifetime/time.Hour) {
		return false
	}
	d.thin(h, 1<<62)
	return true
}

func (d *disk) close() {
	if d.folder != nil {
		d.folder.Close()
		d.folder = nil
	}
}

// count looks at one step of files of an earlier run; false when all are
// counted. What is written meanwhile may count twice, which only makes room a
// little early.
func (d *disk) count() bool {
	if len(d.survey) == 0 {
		return false
	}
	h := d.survey[0]
	if d.folder == nil {
		var err error
		if d.folder, err = os.Open(d.folderOf(h)); err != nil {
			d.survey = d.survey[1:]
			return true
		}
		d.sizes[h] += 0
	}
	entries, err := d.folder.ReadDir(stepSize)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			d.sizes[h] += info.Size()
		}
	}
	if err != nil || len(entries) == 0 {
		d.folder.Close()
		d.folder, d.survey = nil, d.survey[1:]
	}
	return true
}
