package desktop

// Place is where the window stood, in pixels.
type Place struct {
	X, Y          int
	Width, Height int
	Maximised     bool
}
