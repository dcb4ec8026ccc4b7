import { ApiFault } from './fault';
import { send } from './http';
import { csrf, forget, keep, remember, watchTabs } from './csrf';
import { askTabs } from './tabs';
import { inWindow } from './wails';

/** Where a browser stands. `stranger` = no password exists and this browser
 * was not signed in: only `omniroute open` helps. */
export type Standing = 'in' | 'locked' | 'stranger';

/** Takes the token of a sign-in link out of the address, so that it neither
 * stays in the history nor is shared with it. */
export function takeSignInToken(): string | null {
  const found = /^#\/sign-in\/([\w-]+)$/.exec(window.location.hash);
  if (!found?.[1]) return null;
  window.history.replaceState(null, '', window.location.pathname + '#/');
  window.dispatchEvent(new HashChangeEvent('hashchange'));
  return found[1];
}

export async function standing(): Promise<Standing> {
  if (inWindow()) return 'in';
  watchTabs();
  // Whether the session still lives the first call says (onUnauthorized).
  if (csrf() !== null) return 'in';
  const word = await askTabs();
  if (word !== null) keep(word);
  const status = await send('Session.Status', undefined);
  if (word !== null && status.authenticated) return 'in';
  if (word !== null) forget();
  return status.passwordSet ? 'locked' : 'stranger';
}

export async function signInWithToken(token: string): Promise<void> {
  remember((await send('Session.SignIn', { token })).csrf);
}

export async function signInWithPassword(password: string): Promise<void> {
  remember((await send('Session.Login', { password })).csrf);
}

export async function signOut(): Promise<void> {
  try {
    await send('Session.Logout', undefined);
  } catch (error) {
    if (!(error instanceof ApiFault) || error.status !== 401) throw error;
  } finally {
    forget();
  }
}
