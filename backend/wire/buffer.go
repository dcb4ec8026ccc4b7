package wire

import (
	"math/bits"
	"sync"
)

// Bodies of prompts are large and short-lived: fresh memory for each would
// cost more than translating it. Buffers of these sizes are used again.
const (
	smallestBuffer = 15 // 32 KB: what is smaller is left to the allocator
	largestBuffer  = 23 // 8 MB
)

var buffers [largestBuffer + 1]sync.Pool

// Buffer returns an empty buffer for n bytes. Who can prove that nobody holds
// it any more gives it to Recycle; everyone else just drops it.
func Buffer(n int) []byte {
	class := bits.Len(uint(max(n-1, 0)))
	if class < smallestBuffer || class > largestBuffer {
		return make([]byte, 0, n)
	}
	if b, ok := buffers[class].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 1<<class)
}

// Recycle takes back a buffer that Buffer may have returned. Others are
// recognised by their size and ignored. The caller must not touch b again.
func Recycle(b []byte) {
	n := cap(b)
	class := bits.Len(uint(n)) - 1
	if class < smallestBuffer || class > largestBuffer || n != 1<<class {
		return
	}
	b = b[:0]
	buffers[class].Put(&b)
}
