// Texts that run a script wherever they are taken for markup, an attribute, a script, a style or an address. Each calls
// __ran(N) with its own number, so that a test sees which one did.

/** Ways to run a script from markup. N = number. */
const MARKUP = [
  '<script>__ran(N)</script>', '<SCRIPT>__ran(N)</SCRIPT>', '<script src="data:text/javascript,__ran(N)"></script>', '<script type=module>__ran(N)</script>',
  '<img src=x onerror=__ran(N)>', '<img src=x onerror="__ran(N)">', '<IMG SRC=x ONERROR=__ran(N)//>', '<img\tsrc=x\tonerror=__ran(N)>', '<img src=x onerror=&#95;&#95;ran(N)>',
  '<svg onload=__ran(N)>', '<svg/onload=__ran(N)>', '<svg><script>__ran(N)</script></svg>', '<svg><animate onbegin=__ran(N) attributeName=x dur=1s>', '<svg><set onbegin=__ran(N) attributeName=x>',
  '<body onload=__ran(N)>', '<iframe srcdoc="<script>parent.__ran(N)</script>">', '<iframe src="javascript:parent.__ran(N)">', '<iframe onload=__ran(N)>',
  '<details open ontoggle=__ran(N)>x</details>', '<input autofocus onfocus=__ran(N)>', '<select autofocus onfocus=__ran(N)>', '<textarea autofocus onfocus=__ran(N)>',
  '<video><source onerror=__ran(N)></video>', '<video src=x onerror=__ran(N)>', '<audio src=x onerror=__ran(N)>', '<script>eval("__ran(N)")</script>', '<image src=x onerror=__ran(N)>',
  '<a href="javascript:__ran(N)" autofocus onfocus=__ran(N)>go</a>', '<a href="&#106;avascript:__ran(N)">go</a>', '<form action="javascript:__ran(N)"><button autofocus onfocus=__ran(N)>go</button></form>',
  '<math><mtext><img src=x onerror=__ran(N)></mtext></math>', '<noscript><p title="</noscript><img src=x onerror=__ran(N)>">', '<style>@keyframes k{}</style><b style="animation:k 1ms" onanimationstart=__ran(N)>x</b>',
  '<template><script>__ran(N)</script></template><img src=x onerror=__ran(N)>', '<img srcset=x onerror=__ran(N)>', '<link rel=stylesheet href=x onerror=__ran(N)>', '<xss style="display:block;content-visibility:auto" oncontentvisibilityautostatechange=__ran(N)>x</xss>',
  '<div onpointerover=__ran(N) style="position:fixed;inset:0">x</div>', '<p><img src=x onerror="setTimeout(()=>__ran(N))">', '<svg><style><img src=x onerror=__ran(N)></style></svg>',
];
/** Ways out of where a text may stand. P = markup. */
const BREAKS = ['P', '">P', "'>P", '</title>P', '</textarea>P', '</script>P', '--></style>P', ']]>P', '"/>P', '${P}', '{{P}}', '\u202eP', 'P\u0000'];
/** Texts that are dangerous without markup. */
const PLAIN = [
  'javascript:__ran(N)', 'JaVaScRiPt:__ran(N)', 'java\nscript:__ran(N)', '\u0001javascript:__ran(N)', 'data:text/html,<script>__ran(N)</script>', 'vbscript:__ran(N)',
  '" onmouseover="__ran(N)" x="', "' onfocus='__ran(N)' autofocus x='", '`+__ran(N)+`', "';__ran(N);//", '"-__ran(N)-"', '${__ran(N)}', '{{constructor.constructor("__ran(N)")()}}', '__proto__', 'constructor',
  '$t(common:N)', '{{- N}}', '<%= __ran(N) %>', 'expression(__ran(N))', 'url(javascript:__ran(N))',
];

/** count texts, every kind at least once. Numbers begin at 0. @param {number} count */
export function payloads(count) {
  const out = PLAIN.slice();
  for (const b of BREAKS) for (const m of MARKUP) out.push(b.replace('P', () => m));
  if (out.length < count) throw new Error(`only ${out.length} payloads exist`);
  // Spread over the list, so that a short run has all kinds, too.
  const step = out.length / count;
  return Array.from({ length: count }, (_, i) => out[Math.floor(i * step)].replaceAll('N)', `${i})`).replaceAll('(N', `(${i}`));
}
