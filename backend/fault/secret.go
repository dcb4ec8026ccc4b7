package fault

import "log/slog"

// Secret is text that must never be printed. Every way of formatting it
// gives dots; Reveal is the only way to the text.
type Secret string

const dots = "••••"

func (Secret) String() string               { return dots }
func (Secret) GoString() string             { return dots }
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + dots + `"`), nil }
func (Secret) MarshalText() ([]byte, error) { return []byte(dots), nil }
func (Secret) LogValue() slog.Value         { return slog.StringValue(dots) }

// Reveal returns the text. Callers hand it to the wire or the vault and to
// nothing else.
func (s Secret) Reveal() string { return string(s) }
