// What the SDK clients share: the tool, the schema, the picture, and one shape for their errors.
import * as z from 'zod';
import { WEATHER } from './scenarios.mjs';

export const CITY = { type: 'object', properties: { city: { type: 'string', description: 'Name of the city' } }, required: ['city'], additionalProperties: false };
export const BOOK = z.object({ name: z.string(), year: z.number(), tags: z.array(z.string()) });
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

// Answers a weather call and keeps the arguments it was called with.
export function weather() {
  const called = [];
  const run = (args) => { called.push(args?.city); return `${args?.city}: ${WEATHER[args?.city] ?? 'no such city'}`; };
  return { called, run };
}

export function errorOf(e, base, more) {
  return { known: e instanceof base, name: e?.constructor?.name, status: e?.status, message: String(e?.message), ...more };
}
