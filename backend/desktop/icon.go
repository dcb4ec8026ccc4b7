package desktop

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
)

// The tray's icons are drawn, not stored: one ring, whose shape tells the
// state also to those who do not see its colour.
//
//	Ready      a full ring
//	Attention  a ring with a gap at the upper right, and a dot in it
//	Broken     a ring with a bar through it
//	Paused     a ring around two bars
const (
	iconSize = 64 // pixels
	samples  = 4  // per pixel and direction, against jagged edges
	outer    = 0.46
	inner    = 0.30
)

func (s State) colour() color.NRGBA {
	switch s {
	case Attention:
		return color.NRGBA{0xe8, 0xa3, 0x17, 0xff}
	case Broken:
		return color.NRGBA{0xe5, 0x48, 0x4d, 0xff}
	case Paused:
		return color.NRGBA{0x8b, 0x8d, 0x98, 0xff}
	}
	return color.NRGBA{0x30, 0xa4, 0x6c, 0xff}
}

// inside reports whether a point, measured from the middle in parts of the
// icon's width, belongs to the state's shape.
func (s State) inside(x, y float64) bool {
	r := math.Hypot(x, y)
	ring := r >= inner && r <= outer
	switch s {
	case Attention:
		const away = 0.27 // of the dot's middle, along each axis
		d := math.Hypot(x-away, y+away)
		return d <= 0.13 || ring && d > 0.21
	case Broken:
		bar := math.Abs(x+y) <= 0.09 && r <= outer
		beside := math.Abs(x+y) <= 0.15
		return bar || ring && !beside
	case Paused:
		bars := math.Abs(y) <= 0.15 && math.Abs(math.Abs(x)-0.09) <= 0.05
		return bars || r >= 0.36 && r <= outer
	}
	return ring
}

// draw makes the picture in one colour over nothing.
func (s State) draw(c color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, iconSize, iconSize))
	for py := range iconSize {
		for px := range iconSize {
			hits := 0
			for sy := range samples {
				for sx := range samples {
					x := (float64(px)+(float64(sx)+0.5)/samples)/iconSize - 0.5
					y := (float64(py)+(float64(sy)+0.5)/samples)/iconSize - 0.5
					if s.inside(x, y) {
						hits++
					}
				}
			}
			c.A = uint8(hits * 255 / (samples * samples))
			img.SetNRGBA(px, py, c)
		}
	}
	return img
}

// PNG is the icon in its colour.
func (s State) PNG() []byte { return encode(s.draw(s.colour())) }

// Template is the icon in black, for systems that colour it themselves.
func (s State) Template() []byte { return encode(s.draw(color.NRGBA{A: 0xff})) }

func encode(img image.Image) []byte {
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		panic(err) // a buffer takes everything, and the size is ours
	}
	return buf.Bytes()
}

// ICO is the icon as Windows wants it: one PNG in an icon file.
func (s State) ICO() []byte {
	picture := s.PNG()
	var buf bytes.Buffer
	le := binary.LittleEndian
	head := make([]byte, 22)
	le.PutUint16(head[2:], 1) // an icon
	le.PutUint16(head[4:], 1) // one picture
	head[6], head[7] = iconSize, iconSize
	le.PutUint16(head[10:], 1)  // planes
	le.PutUint16(head[12:], 32) // bits per pixel
	le.PutUint32(head[14:], uint32(len(picture)))
	le.PutUint32(head[18:], uint32(len(head)))
	buf.Write(head)
	buf.Write(picture)
	return buf.Bytes()
}
