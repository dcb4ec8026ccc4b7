// A place where the names of vendors lead to scripted upstreams: the host file says 127.0.0.1, and a certificate made for this run is
// trusted by the server under test alone. So a pasted key goes the whole way, to https://api.groq.com and back.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';

/**
 * Starts https on port 443 of loopback for hosts; answers come from handler. Needs the network namespace of offline.sh, where 443 is free.
 * @param {string[]} hosts @param {import('node:http').RequestListener} handler
 */
export async function city(hosts, handler) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'omniroute-city-'));
  const at = (name) => path.join(dir, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=omniroute e2e', '-addext', `subjectAltName=${hosts.map((h) => `DNS:${h}`).join(',')}`);
  fs.writeFileSync(at('hosts'), `127.0.0.1 localhost ${hosts.join(' ')}\n::1 localhost\n`);
  const server = https.createServer({ key: fs.readFileSync(at('key.pem')), cert: fs.readFileSync(at('cert.pem')) }, handler);
  await new Promise((ok, no) => server.once('error', no).listen(443, '127.0.0.1', () => ok(undefined)));
  return {
    /** For Server.start: the server believes the host file and the certificate. */
    options: {
      env: { SSL_CERT_FILE: at('cert.pem') },
      wrap: ['unshare', '--mount', 'bash', '-c', `mount --bind ${at('hosts')} /etc/hosts && exec "$@"`, 'city'],
    },
    close: () => { server.closeAllConnections(); server.close(); fs.rmSync(dir, { recursive: true, force: true }); },
  };
}
