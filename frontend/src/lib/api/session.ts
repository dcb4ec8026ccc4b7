import { ApiFault } from './fault';
import type { AuthStatus } from './gen';
import { send } from './http';
import { csrf, forget, remember } from './csrf';
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
  // Whether the session still lives the first call says (onUnauthorized).
  if (csrf() !== null) return 'in';
  const status = (await send('Session.Status', undefined)) as AuthStatus;
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
