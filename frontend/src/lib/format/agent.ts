// What coding tools call themselves in their user agent, and what people call
// them. The names are never translated.
const tools: readonly (readonly [RegExp, string])[] = [
  [/^claude-cli\//i, 'Claude Code'],
  [/^codex[_-]|^codex\//i, 'Codex'],
  [/^gemini-?cli|^GeminiCLI/i, 'Gemini CLI'],
  [/^qwen-?code/i, 'Qwen Code'],
  [/^opencode/i, 'OpenCode'],
  [/^cline/i, 'Cline'],
  [/^roo-?code/i, 'Roo Code'],
  [/^kilo-?code/i, 'Kilo Code'],
  [/^cursor/i, 'Cursor'],
  [/^continue/i, 'Continue'],
  [/^aider/i, 'aider'],
  [/^crush/i, 'Crush'],
  [/^(github)?-?copilot/i, 'Copilot'],
  [/^omniroute-test/i, 'OmniRoute'],
  [/^anthropic\//i, 'Anthropic SDK'],
  [/^openai\//i, 'OpenAI SDK'],
  [/^google-genai-sdk/i, 'Google Gen AI SDK'],
  [/^curl\//i, 'curl'],
  [/^python-requests|^python-httpx|^aiohttp/i, 'Python'],
  [/^(node|undici)/i, 'Node.js'],
  [/^Go-http-client/i, 'Go'],
];

/** The tool behind a user agent: a known name, else its first word without
 * the version. '' for none. */
export function agentName(userAgent: string): string {
  const text = userAgent.trim();
  return tools.find(([pattern]) => pattern.test(text))?.[1] ?? text.split(/[\s/]/)[0] ?? '';
}
