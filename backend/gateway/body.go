package gateway

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"omniroute/backend/dispatch"
	"omniroute/backend/fault"
	"omniroute/backend/wire"
)

const (
	// MaxBody is how large a request may be, also after unpacking.
	MaxBody = 64 << 20
	// ClientWait is how long a client may take no byte of an answer, or send
	// none of a body, before it counts as gone (peers.md F34).
	ClientWait = 60 * time.Second
	// maxRatio bounds unpacking (rulings 3.4).
	maxRatio = 100
	// maxDrain and drainTime bound what is read and thrown away so that a
	// refusal arrives.
	maxDrain  = 256 << 20
	drainTime = 10 * time.Second
)

// read takes the whole body before anything is sent upstream: it is needed
// for a second try, and answering while a body is still coming loses streams
// (performance.md section 2).
func (s *Server) read(call *dispatch.Call, w http.ResponseWriter, r *http.Request) (head wire.Head, err error) {
	limit := cmp.Or(s.MaxBody, MaxBody)
	if r.ContentLength > limit {
		return head, tooLarge(limit)
	}
	body, err := s.readAll(w, r, limit)
	if err != nil {
		return head, err
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		if body, err = unpack(body, enc, limit); err != nil {
			return head, err
		}
	}
	call.Own(body)
	call.Body = body
	call.Head, err = wire.Peek(body)
	return call.Head, err
}

func tooLarge(limit int64) error {
	size := fmt.Sprintf("%d MB", limit>>20)
	if limit < 1<<20 {
		size = fmt.Sprintf("%d bytes", limit)
	}
	e := fault.New(fault.TooLarge, "gateway.body", "The request body is larger than %s. Send less, for example fewer or smaller attachments.", size)
	e.Code = fault.CodeBodyTooLarge
	return e
}

// firstBuffer bounds what is set aside before a byte of the body has come.
const firstBuffer = 8 << 20

// readAll reads into one buffer of the announced size. A client that stops
// sending is not waited for without end.
func (s *Server) readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	size := int64(4 << 10)
	if r.ContentLength >= 0 {
		size = r.ContentLength + 1 // one more, so that the end is seen without growing
	}
	b := wire.Buffer(int(min(size, firstBuffer)))
	var patience *http.ResponseController // once the body comes in pieces
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, tooLarge(limit)
		case err == io.EOF:
			if patience != nil {
				patience.SetReadDeadline(time.Time{})
			}
			return b, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			e := fault.Wrap(fault.Invalid, "gateway.body", err, "The request body stopped coming before its end.")
			e.Status = http.StatusRequestTimeout
			return nil, e
		case err != nil:
			return nil, fault.Wrap(fault.Invalid, "gateway.body", err, "The request body broke off before its end.")
		case int64(len(b)) == r.ContentLength:
			continue // only the end is missing, and it is here
		}
		if patience == nil {
			patience = http.NewResponseController(w)
		}
		patience.SetReadDeadline(time.Now().Add(s.clientWait()))
	}
}

// unpack decodes a compressed request within bounds.
func unpack(body []byte, encoding string, most int64) ([]byte, error) {
	var r io.Reader
	switch strings.ToLower(encoding) {
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "gateway.unpack", err, "The request body is said to be gzip and is not.")
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(most)))
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "gateway.unpack", err, "The request body is said to be zstd and is not.")
		}
		defer z.Close()
		r = z
	default:
		e := fault.New(fault.Invalid, "gateway.unpack", "Content-Encoding %q is not understood. Send the body as it is, or as gzip or zstd.", encoding)
		e.Status = http.StatusUnsupportedMediaType
		return nil, e
	}
	limit := min(most, int64(len(body))*maxRatio)
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case int64(len(out)) > most, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, tooLarge(most)
	case int64(len(out)) > limit:
		e := fault.New(fault.TooLarge, "gateway.unpack", "The request body unpacks to more than %d times its size. Send it uncompressed.", maxRatio)
		e.Code = fault.CodeBodyTooLarge
		return nil, e
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "gateway.unpack", err, "The compressed request body is damaged.")
	}
	return out, nil
}

// reject refuses a request of an agent and books the refusal.
func (s *Server) reject(w http.ResponseWriter, r *http.Request, call *dispatch.Call, err error) {
	s.Runner.Refused(call, err)
	s.turnAway(w, r, call.Format, call.ID, err)
}

// turnAway refuses a request whose body may still be coming. Many clients
// look at the answer only once all is sent, and a connection closed before
// that hides it from them: the rest is read and thrown away, within bounds. A
// client that asked before sending is told at once, and so is one that stopped
// sending.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, f wire.Format, id string, err error) {
	if r.ContentLength != 0 && r.Header.Get("Expect") == "" && !errors.Is(err, os.ErrDeadlineExceeded) {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime))
		io.CopyN(io.Discard, r.Body, maxDrain)
	}
	s.fail(w, f, id, err)
}
