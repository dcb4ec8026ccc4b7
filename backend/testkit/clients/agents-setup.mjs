// The four agents: how each is pointed at a base URL by its own documented settings, run once without a terminal, and kept quiet.
// An agent has: format it speaks · setup(home, {url, key, model}) → {args, env} after writing its settings into its own home.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

function write(home, name, text) {
  const file = path.join(home, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text, null, 2));
}

// Settings of Claude Code that every run of it needs; the credential is the caller's (a key here, a login in relay.mjs).
export function claudeCode(home, { url, model, env, prompt }) {
  write(home, '.claude.json', { hasCompletedOnboarding: true, autoUpdates: false });
  return {
    args: ['-p', prompt, '--model', model, '--allowedTools', 'Bash'],
    env: {
      ANTHROPIC_BASE_URL: url, ANTHROPIC_SMALL_FAST_MODEL: model, ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1', ...env,
    },
  };
}

export const AGENTS = [
  {
    name: 'claude-code', bin: 'claude', format: 'anthropic',
    setup: (home, { url, key, model, prompt }) => claudeCode(home, { url, model, prompt, env: { ANTHROPIC_AUTH_TOKEN: key } }),
  },
  {
    name: 'codex', bin: 'codex', format: 'openai-responses',
    setup(home, { url, key, model, prompt }) {
      write(home, '.codex/config.toml', [
        `model = "${model}"`, 'model_provider = "omniroute"', 'check_for_update_on_startup = false', '[analytics]', 'enabled = false', '[model_providers.omniroute]', 'name = "OmniRoute"',
        `base_url = "${url}/v1"`, 'env_key = "OMNIROUTE_API_KEY"', 'wire_api = "responses"', ''].join('\n'));
      return { args: ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', prompt], env: { OMNIROUTE_API_KEY: key } };
    },
  },
  {
    name: 'gemini-cli', bin: 'gemini', format: 'gemini',
    setup(home, { url, key, model, prompt }) {
      write(home, '.gemini/settings.json', {
        security: { auth: { selectedType: 'gemini-api-key' } }, general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
        privacy: { usageStatisticsEnabled: false }, telemetry: { enabled: false },
      });
      return { args: ['--skip-trust', '--approval-mode', 'yolo', '-m', model, '-p', prompt], env: { GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: url } };
    },
  },
  {
    name: 'opencode', bin: 'opencode', format: 'openai-chat',
    setup(home, { url, key, model, prompt }) {
      const models = { [model]: { name: model, tool_call: true, limit: { context: 200000, output: 16000 } } };
      write(home, '.config/opencode/opencode.json', {
        $schema: 'https://opencode.ai/config.json', autoupdate: false, share: 'disabled', permission: 'allow', model: `omniroute/${model}`, small_model: `omniroute/${model}`,
        provider: { omniroute: { npm: '@ai-sdk/openai-compatible', name: 'OmniRoute', options: { baseURL: `${url}/v1`, apiKey: key }, models } },
      });
      return { args: ['run', '--model', `omniroute/${model}`, prompt], env: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' } };
    },
  },
];

// Runs a program in a home and work folder of its own, at most 120 s.
export async function runAgent(agent, home, { args, env }) {
  const cwd = path.join(home, 'work'); fs.mkdirSync(cwd, { recursive: true });
  const child = spawn(path.join(here, 'agents/node_modules/.bin', agent.bin), args, {
    cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: path.join(home, 'tmp'), LANG: 'C.UTF-8', TERM: 'dumb', CI: '1', NO_COLOR: '1', NO_PROXY: '127.0.0.1,localhost', ...env },
  });
  fs.mkdirSync(path.join(home, 'tmp'), { recursive: true });
  let out = ''; let err = '';
  child.stdout.on('data', (d) => { out += d; }); child.stderr.on('data', (d) => { err += d; });
  const started = Date.now(); let timedOut = false;
  const stop = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* gone */ } };
  const timer = setTimeout(() => { timedOut = true; stop(); }, 120000);
  const code = await new Promise((ok) => child.on('close', (c, s) => ok(c ?? s)));
  clearTimeout(timer); stop();
  return { code: timedOut ? 'timeout after 120 s' : code, out, err, seconds: (Date.now() - started) / 1000 };
}

export function newHome(name) { return fs.mkdtempSync(path.join(os.tmpdir(), `omniroute-${name}-`)); }
export const tail = (r) => `${r.out.slice(-700)} | ${r.err.slice(-700)}`.replace(/\s+/g, ' ');

// The task: the marker file tells that the shell ran, the sentence that its result came back and the final text came through.
export function task(home) {
  const file = path.join(home, 'marker.txt');
  return { file, prompt: `[scenario:agent file=${file}] Write the marker file with your shell tool, then tell me what it printed.` };
}
