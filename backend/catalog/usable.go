package catalog

import "strings"

// HasCodec reports whether a codec speaks the format.
func HasCodec(f Format) bool {
	switch f {
	case OpenAIChat, OpenAIResponses, Anthropic, Gemini, GeminiCodeAssist:
		return true
	}
	return false
}

// judge decides Usable and the sentence that goes with a no.
func (p *Provider) judge() (bool, string) {
	switch {
	case p.Kind == KindDemo:
		return true, ""
	case p.Status == StatusDiscontinued:
		if p.Terms.UserNotice != "" {
			return false, p.Terms.UserNotice
		}
		return false, p.Name + " has ended its service."
	case !p.Serves("chat"):
		return false, p.Name + " is media only (" + strings.Join(p.Services, ", ") + "); the media routes come later."
	}
	byEntry := p.Auth.Accepts("apikey") || p.Auth.Accepts("none")
	codec := HasCodec(p.Format())
	switch {
	case byEntry && codec:
		return true, ""
	case byEntry:
		return false, p.Name + " speaks a wire format (" + p.WireFormat + ") that has no codec yet; it comes later."
	case p.Auth.Accepts("service_account"):
		return false, p.Name + " needs a service account login, which comes later."
	case !codec:
		return false, p.Name + " needs a login and speaks a wire format (" + p.WireFormat + ") that has no codec yet; both come later."
	case p.Auth.Relay:
		return false, p.Name + " needs a login, which comes later. A relay connection, where the vendor's own client brings its login, works now."
	}
	return false, p.Name + " needs a login, which comes later."
}
