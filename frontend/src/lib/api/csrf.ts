// The second half of a browser's session (rulings 1.3): the cookie alone opens
// nothing. sessionStorage survives a reload and no other tab or site reads it.
const name = 'omniroute.csrf';

export function csrf(): string | null {
  return window.sessionStorage.getItem(name);
}

export function remember(value: string): void {
  window.sessionStorage.setItem(name, value);
}

export function forget(): void {
  window.sessionStorage.removeItem(name);
}
