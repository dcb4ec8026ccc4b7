package usage

import (
	"encoding/binary"
	"hash/crc32"
)

// A segment is the magic and a salt, then frames: payload length and salted
// CRC32C of the payload, both uint32 little-endian, then the payload, see
// pack.go. The magic changes when a reader would misunderstand the new form.
const (
	magic      = "omnijrn1"
	headBytes  = len(magic) + 4
	frameHead  = 8
	maxPayload = 1 << 20
)

// A checksum starts from a random salt that stands in the segment's head: text
// chosen by a client can never pass for a record, wherever reading resumes.
func checksum(salt uint32, payload []byte) uint32 {
	return crc32.Update(salt, crc32.MakeTable(crc32.Castagnoli), payload)
}

// seal fills in the head of the frame that b is: frameHead reserved bytes,
// then the payload.
func seal(b []byte, salt uint32) {
	payload := b[frameHead:]
	binary.LittleEndian.PutUint32(b, uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[4:], checksum(salt, payload))
}

// frameAt returns the payload of the frame at the beginning of b, nil when
// there is no whole and intact one. need is how long b must be for that to be
// decided; beyond len(b) it says that more has to be read.
func frameAt(b []byte, salt uint32) (payload []byte, need int) {
	if len(b) < frameHead {
		return nil, frameHead
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 2 || n > maxPayload {
		return nil, frameHead
	}
	if n > len(b)-frameHead {
		return nil, frameHead + n
	}
	p := b[frameHead : frameHead+n : frameHead+n]
	if p[0] != kindBegin && p[0] != kindEnd || checksum(salt, p) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, frameHead + n
	}
	return p, frameHead + n
}

// nextFrame returns the payload of the first intact frame in b, how many
// bytes it is to its end, and how many of them were damage before it. A nil
// payload means that b holds no further intact frame.
func nextFrame(b []byte, salt uint32) (payload []byte, size, damage int) {
	for at := 0; at+frameHead < len(b); at++ {
		if p, n := frameAt(b[at:], salt); p != nil {
			return p, at + n, at
		}
	}
	return nil, 0, 0
}
