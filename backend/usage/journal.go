package usage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"omniroute/backend/fault"
)

// segmentBytes is the size at which a segment is closed and a new one begun.
const segmentBytes = 8 << 20

const segmentExt = ".seg"

var errClosed = errors.New("usage: the journal is closed")

// segment is one file of the journal. It is appended to by this process
// alone, or, when it is left over from an earlier one, only read.
type segment struct {
	n    uint64
	path string
	old  bool

	file *os.File     // writing end, nil once closed
	tail atomic.Int64 // bytes of whole frames, head included
	base int64        // bytes of frames in all segments of this process before it
	open int          // begins in it whose end was not written yet

	at int64 // up to here it was read, see books
}

// journal is the writing half. One mutex, one write per record: when write
// returns, the record is in the kernel and survives this process.
type journal struct {
	dir  string
	salt uint32 // of all segments of this process

	ends atomic.Int64 // where the last end stops, counted in bytes of frames

	mu       sync.Mutex
	segments []*segment // oldest first; the last one is written to
	total    int64      // bytes of frames written by this process
	next     uint64
	dirty    bool // something was written since the last sync
	retired  []*os.File
	unsynced chan struct{} // capacity 1: dirty became true
	closed   bool
}

// openJournal finds the segments of earlier processes. It creates the
// directory, but no segment before the first record.
func openJournal(dir string) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Internal, "usage.journal", err, "The journal directory cannot be made. Check that the data directory is writable.")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "usage.journal", err, "The journal directory cannot be read. Check its owner and permissions.")
	}
	j := &journal{dir: dir, salt: rand.Uint32(), next: 1, unsynced: make(chan struct{}, 1)}
	for _, e := range entries {
		n, err := strconv.ParseUint(strings.TrimSuffix(e.Name(), segmentExt), 16, 64)
		if err != nil || filepath.Ext(e.Name()) != segmentExt {
			continue
		}
		j.segments = append(j.segments, &segment{n: n, path: filepath.Join(dir, e.Name()), old: true})
		j.next = max(j.next, n+1)
	}
	slices.SortFunc(j.segments, func(a, b *segment) int { return int(int64(a.n - b.n)) })
	return j, nil
}

// append writes the frame of an end. begun is the segment of its begin, nil
// when there is none. After an error the journal is as before: a piece of a
// frame is cut off again, so that later frames stay readable.
func (j *journal) append(frame []byte, begun *segment) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.write(frame); err != nil {
		return err
	}
	j.ends.Store(j.total)
	if begun != nil {
		begun.open--
	}
	return nil
}

// appendBegin writes the frame of a begin and returns the segment it is in,
// which stays until the end is written.
func (j *journal) appendBegin(frame []byte) (*segment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s, err := j.write(frame)
	if err != nil {
		return nil, err
	}
	s.open++
	return s, nil
}

// ended says that the end of a begin in s is safe elsewhere.
func (j *journal) ended(s *segment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s.open--
}

// write appends a frame. The caller holds mu.
func (j *journal) write(frame []byte) (*segment, error) {
	s, err := j.current(len(frame))
	if err != nil {
		return nil, err
	}
	if !j.dirty {
		j.dirty = true
		signal(j.unsynced)
	}
	n, err := s.file.Write(frame)
	if err != nil {
		if n > 0 && s.file.Truncate(s.tail.Load()) != nil {
			// Readers resynchronise at the next segment's magic.
			j.retire(s)
		}
		return nil, err
	}
	s.tail.Add(int64(n))
	j.total += int64(n)
	return s, nil
}

// current returns the segment to write to. The caller holds mu.
func (j *journal) current(need int) (*segment, error) {
	if j.closed {
		return nil, errClosed
	}
	if len(j.segments) > 0 {
		s := j.segments[len(j.segments)-1]
		if s.file != nil && s.tail.Load()+int64(need) <= segmentBytes {
			return s, nil
		}
		if s.file != nil {
			j.retire(s)
		}
	}
	path := filepath.Join(j.dir, fmt.Sprintf("%016x%s", j.next, segmentExt))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(binary.LittleEndian.AppendUint32([]byte(magic), j.salt)); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	s := &segment{n: j.next, path: path, file: f, base: j.total}
	s.tail.Store(int64(headBytes))
	j.next++
	j.segments = append(j.segments, s)
	return s, nil
}

// retire ends writing to a segment; sync closes its file, so that a full
// segment's last sync does not hold up the request that filled it. The caller
// holds mu.
func (j *journal) retire(s *segment) {
	j.retired = append(j.retired, s.file)
	s.file = nil
}

// sync makes what was written survive a power cut. It does not hold the
// mutex while the disk works. Only one goroutine may call it at a time.
func (j *journal) sync() error {
	j.mu.Lock()
	var current *os.File
	if j.dirty && len(j.segments) > 0 {
		current = j.segments[len(j.segments)-1].file
	}
	j.dirty = false
	full := j.retired
	j.retired = nil
	j.mu.Unlock()
	var err error
	if current != nil {
		err = current.Sync()
	}
	for _, f := range full {
		err = errors.Join(err, f.Sync(), f.Close())
	}
	return err
}

// close ends writing for good and syncs.
func (j *journal) close() error {
	j.mu.Lock()
	j.closed = true
	if len(j.segments) > 0 {
		if s := j.segments[len(j.segments)-1]; s.file != nil {
			j.retire(s)
		}
	}
	j.mu.Unlock()
	return j.sync()
}

// left lists the segments of earlier processes.
func (j *journal) left() []*segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	var old []*segment
	for _, s := range j.segments {
		if s.old {
			old = append(old, s)
		}
	}
	return old
}

// after returns this process's first segment beyond number n, nil when there
// is none.
func (j *journal) after(n uint64) *segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.segments {
		if s.n > n && !s.old {
			return s
		}
	}
	return nil
}

// writing reports whether more may still be written to s.
func (j *journal) writing(s *segment) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return s.file != nil
}

// finished reports whether all that began in s has ended.
func (j *journal) finished(s *segment) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return s.open == 0
}

// behind returns how many bytes of frames there are beyond a place.
func (j *journal) behind(place int64) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.total - place
}

// remove deletes a segment whose rows are committed.
func (j *journal) remove(s *segment) error {
	j.mu.Lock()
	j.segments = slices.DeleteFunc(j.segments, func(o *segment) bool { return o == s })
	j.mu.Unlock()
	return os.Remove(s.path)
}
