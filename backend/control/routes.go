package control

import "slices"

// Routes is the whole management API on one page: who serves what. The calls
// about sessions stand in Access.routes, because they speak HTTP themselves.
func Routes(s *Services) []Route {
	return slices.Concat(s.Session.routes(), s.Desktop.routes(), processRoutes(s), upstreamRoutes(s), requestRoutes(s))
}

// processRoutes are about the gateway itself.
func processRoutes(s *Services) []Route {
	return []Route{
		stream("GET /api/events", s.serveFeed),

		view("GET /api/system/status", s.System.Status),
		verb("POST /api/system/sign-in-link", s.System.SignInLink),
		verb("POST /api/system/pause", s.System.Pause),
		view("POST /api/system/resume", s.System.Resume),
		view("GET /api/overview/today", s.Overview.Today),
		verb("POST /api/overview/send-test", s.Overview.SendTest),
		view("GET /api/health/conditions", s.Health.Conditions),
	}
}

// upstreamRoutes are about who can answer.
func upstreamRoutes(s *Services) []Route {
	return []Route{
		view("GET /api/provider-nodes", s.Nodes.List),
		create("POST /api/provider-nodes", s.Nodes.Create),
		verb("POST /api/provider-nodes/validate", s.Nodes.Validate),
		verb("POST /api/provider-nodes/draft", s.Nodes.Draft),
		verb("PUT /api/provider-nodes/{id}", s.Nodes.Update),
		act("DELETE /api/provider-nodes/{id}", s.Nodes.Delete),
		verb("POST /api/provider-nodes/{id}/restore", s.Nodes.Restore),

		view("GET /api/providers", s.Providers.List),
		create("POST /api/providers", s.Providers.Create),
		view("GET /api/providers/local", s.Providers.Local),
		view("GET /api/providers/catalog", s.Providers.Catalog),
		verb("POST /api/providers/guess-key", s.Providers.GuessKey),
		verb("POST /api/providers/try", s.Providers.TryKey),
		verb("POST /api/providers/reorder", s.Providers.Reorder),
		verb("POST /api/providers/test-all", s.Providers.TestAll),
		verb("POST /api/providers/{id}/restore", s.Providers.Restore),
		verb("GET /api/providers/{id}", s.Providers.Get),
		verb("PUT /api/providers/{id}", s.Providers.Update),
		act("DELETE /api/providers/{id}", s.Providers.Delete),
		verb("POST /api/providers/{id}/test", s.Providers.Test),
		verb("POST /api/providers/{id}/release", s.Providers.Release),
		verb("GET /api/providers/{id}/models", s.Providers.Models),

		view("GET /api/models/catalog", s.Models.Catalog),
		verb("GET /api/models/pick", s.Models.Pick),
		verb("GET /api/models/of/{provider}", s.Models.ListOf),
		verb("POST /api/models/test", s.Models.Test),
		verb("GET /api/provider-models", s.Models.Custom),
		create("POST /api/provider-models", s.Models.AddCustom),
		act("DELETE /api/provider-models", s.Models.RemoveCustom),
		verb("POST /api/provider-models/restore", s.Models.RestoreCustom),
		view("GET /api/models/alias", s.Models.Aliases),
		verb("PUT /api/models/alias", s.Models.SetAlias),
		act("DELETE /api/models/alias", s.Models.RemoveAlias),
	}
}

// requestRoutes are about who asks, what for, and what came of it.
func requestRoutes(s *Services) []Route {
	return []Route{
		view("GET /api/combos", s.Combos.List),
		create("POST /api/combos", s.Combos.Create),
		verb("POST /api/combos/test", s.Combos.Test),
		verb("POST /api/combos/preview", s.Combos.Preview),
		view("GET /api/combos/templates", s.Combos.Templates),
		verb("GET /api/combos/{id}", s.Combos.Get),
		verb("PUT /api/combos/{id}", s.Combos.Update),
		act("DELETE /api/combos/{id}", s.Combos.Delete),
		verb("POST /api/combos/{id}/restore", s.Combos.Restore),
		verb("POST /api/combos/{id}/activate", s.Combos.Activate),
		verb("POST /api/route/explain", s.Routing.Explain),
		view("GET /api/fallback/chains", s.Routing.Chains),
		verb("POST /api/fallback/chains", s.Routing.SetChain),
		act("DELETE /api/fallback/chains", s.Routing.RemoveChain),

		view("GET /api/keys", s.Keys.List),
		create("POST /api/keys", s.Keys.Create),
		verb("GET /api/keys/{id}", s.Keys.Get),
		verb("PATCH /api/keys/{id}", s.Keys.Update),
		act("DELETE /api/keys/{id}", s.Keys.Delete),
		verb("POST /api/keys/{id}/restore", s.Keys.Restore),
		verb("POST /api/keys/{id}/rotate", s.Keys.Rotate),

		view("GET /api/settings", s.Settings.Get),
		verb("PATCH /api/settings", s.Settings.Update),
		verb("PUT /api/settings", s.Settings.Update),
		view("GET /api/settings/combo-defaults", s.Settings.ComboDefaults),
		verb("PATCH /api/settings/combo-defaults", s.Settings.SetComboDefaults),

		verb("GET /api/sessions", s.Security.Sessions),
		act("DELETE /api/sessions", s.Security.EndSessions),
		act("DELETE /api/sessions/{id}", s.Security.EndSession),

		view("GET /api/resilience", s.Resilience.Get),
		view("POST /api/resilience/reset", s.Resilience.Reset),
		verb("GET /api/usage/call-logs", s.Logs.Calls),
		verb("POST "+exportPath, s.Logs.Export),
		stream("GET "+exportPath, s.Logs.stream),
		verb("GET /api/receipts/{id}", s.Logs.Receipt),
		verb("GET /api/receipts/{id}/trace", s.Logs.Trace),

		verb("POST /api/translator/translate", s.Translator.Translate),
		verb("POST /api/translator/detect", s.Translator.Detect),
	}
}
