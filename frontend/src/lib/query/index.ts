export { newQueryClient } from './client';
export { LiveProvider, useFeed, useLink } from './live';
export { keyOf, useAct, useVerb } from './verbs';
