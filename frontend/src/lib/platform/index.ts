import { host } from '@/lib/api/wails';

/** Copies text. Resolves only when it is really in the clipboard: in embedded
 * views the browser's own interface says no, so the window asks Go first. */
export async function copyText(text: string): Promise<void> {
  const runtime = host().runtime;
  if (runtime && (await runtime.ClipboardSetText(text))) return;
  await navigator.clipboard.writeText(text);
}

/** Opens an outside page in the person's browser, never inside the window. */
export function openLink(url: string): void {
  const runtime = host().runtime;
  if (runtime) {
    runtime.BrowserOpenURL(url);
    return;
  }
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.click();
}

/** Hands a file to the person. */
export function saveFile(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
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
