package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// serveMock answers chat and messages. The path says how:
// /<name>/<chunks>/<delay ms>/v1/chat/completions; name "fail" answers 500.
func serveMock(addr string) {
	srv := &http.Server{Addr: addr, Handler: http.HandlerFunc(mock)}
	fmt.Println(srv.ListenAndServe())
	os.Exit(1)
}

func mock(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 4 {
		w.WriteHeader(http.StatusOK)
		return
	}
	if parts[0] == "fail" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, `{"error":{"message":"boom","type":"server_error","param":null,"code":null}}`)
		return
	}
	chunks, _ := strconv.Atoi(parts[1])
	delay, _ := strconv.Atoi(parts[2])
	anthropic := strings.HasSuffix(r.URL.Path, "/messages")
	if chunks == 0 {
		w.Header().Set("Content-Type", "application/json")
		if anthropic {
			io.WriteString(w, anthropicBody)
		} else {
			io.WriteString(w, chatBody)
		}
		return
	}
	stream(w, anthropic, chunks, time.Duration(delay)*time.Millisecond)
}

const (
	chatBody      = `{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"This is a short answer of about a hundred characters, as an agent often gets it from a model."},"finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":250,"completion_tokens":20,"total_tokens":270}}`
	anthropicBody = `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"This is a short answer of about a hundred characters, as an agent often gets it from a model."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":250,"output_tokens":20}}`
)

func stream(w http.ResponseWriter, anthropic bool, chunks int, delay time.Duration) {
	w.Header().Set("Content-Type", "text/event-stream")
	f := w.(http.Flusher)
	send := func(s string) {
		io.WriteString(w, s)
		f.Flush()
	}
	head, chunk, tail := chatHead, chatChunk, chatTail
	if anthropic {
		head, chunk, tail = anthropicHead, anthropicChunk, anthropicTail
	}
	if delay > 0 {
		time.Sleep(5 * delay)
	}
	send(head)
	for range chunks {
		if delay > 0 {
			time.Sleep(delay)
		}
		send(chunk)
	}
	send(tail)
}

const (
	chatHead  = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	chatChunk = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"up","choices":[{"index":0,"delta":{"content":"some words "},"finish_reason":null}]}` + "\n\n"
	chatTail  = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
		`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"up","choices":[],"usage":{"prompt_tokens":250,"completion_tokens":20,"total_tokens":270}}` + "\n\ndata: [DONE]\n\n"
	anthropicHead = "event: message_start\n" + `data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":250,"output_tokens":1}}}` + "\n\n" +
		"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n"
	anthropicChunk = "event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some words "}}` + "\n\n"
	anthropicTail  = "event: content_block_stop\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n" +
		"event: message_delta\n" + `data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20}}` + "\n\n" +
		"event: message_stop\n" + `data: {"type":"message_stop"}` + "\n\n"
)

// serveFloor is the bare proxy everything is compared with. Under /read/ it
// reads the request to its end before it calls the upstream, as every gateway
// must: passed through, one stream in some thousands is lost
// (performance.md section 2). The floor for large prompts is that one.
func serveFloor(addr, upstream string) {
	target, err := url.Parse("http://" + upstream)
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 4096, IdleConnTimeout: time.Minute}
	proxy.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) { w.WriteHeader(http.StatusBadGateway) }
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	mux.Handle("/read/", http.StripPrefix("/read", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	})))
	fmt.Println(http.ListenAndServe(addr, mux))
	os.Exit(1)
}

// prompt is a request body of about size bytes in the client's format, shaped
// like an agent's turn: text, code and command output of one to two kilobytes
// each, escapes where code has them, and the model last, as agents send it.
func prompt(anthropic bool, size int, model string, streaming bool) []byte {
	var b bytes.Buffer
	b.WriteString(`{"max_tokens":1024,"messages":[`)
	asked := `Please look at the file and say what the function does, then fix the \"off by one\" error in it.\n` +
		strings.Repeat(`func (s *server) run(ctx context.Context) error {\n\tfor i := 0; i <= len(s.jobs); i++ {\n\t\ts.jobs[i].start(ctx)\n\t}\n\treturn nil\n}\n`, 10)
	said := strings.Repeat(`I looked at it: the loop runs one time too often, because the upper bound is inclusive there. `, 12)
	turn := `{"role":"user","content":"` + asked + `"},{"role":"assistant","content":"` + said + `"},`
	for b.Len()+len(turn)+200 < size {
		b.WriteString(turn)
	}
	rest := max(size-b.Len()-120, 8)
	b.WriteString(`{"role":"user","content":"` + strings.Repeat("Go on. ", rest/7) + `"}],"stream":`)
	b.WriteString(strconv.FormatBool(streaming))
	if streaming && !anthropic {
		b.WriteString(`,"stream_options":{"include_usage":true}`)
	}
	b.WriteString(`,"model":"` + model + `"}`)
	return b.Bytes()
}
