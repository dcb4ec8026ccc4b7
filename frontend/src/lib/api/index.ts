export { call } from './client';
export { ApiFault, faultOf, isUnreachable } from './fault';
export { openFeed, type Link } from './events';
export { onOtherTab } from './csrf';
export { onUnauthorized } from './http';
export { inWindow } from './wails';
export { standing, signInWithPassword, signInWithToken, signOut, takeSignInToken, type Standing } from './session';
export type * from './gen';
