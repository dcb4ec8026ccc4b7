import { call, inWindow } from '@/lib/api';
import { host } from '@/lib/api/wails';

/** Copies text. Resolves only when it is really in the clipboard: in embedded
 * views the browser's own interface says no, so the window asks Go first. */
export async function copyText(text: string): Promise<void> {
  const runtime = host().runtime;
  if (runtime && (await runtime.ClipboardSetText(text))) return;
  await navigator.clipboard.writeText(text);
}

/** Opens an outside page in the person's browser, never inside the window. */
export async function openLink(url: string): Promise<void> {
  if (inWindow()) {
    await call('Desktop.OpenLink', { url });
    return;
  }
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.click();
}

/** Hands a text file to the person: the system's dialog in the window, a
 * download in a browser. */
export async function saveFile(name: string, type: string, text: string): Promise<void> {
  if (inWindow()) {
    await call('Desktop.SaveFile', { name, text });
    return;
  }
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

/** True where the command key is the modifier. */
export function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
