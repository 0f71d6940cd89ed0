/** @module Patterns of clusters' schemas, with V8's engine without backtracking, which the hub turns on. */
import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import { createSchemaSet } from './schema-set.ts';
import { validateBySchema } from './validate.ts';

setFlagsFromString('--enable-experimental-regexp-engine');

const faults = (pattern: string, name: string): number => {
  const schemas = { 'dev.acme.v1.Widget': { type: 'object', properties: { name: { type: 'string', pattern } } } };
  return validateBySchema(createSchemaSet({ schemas }).node('dev.acme.v1.Widget'), { name }).length;
};

it.each([
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'a-b', 0],
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'a_b', 1],
  ['(?i)^abc$', 'ABC', 0],
  ['^.$', '\u{1f6a2}', 0],
  ['^\\p{L}$', '1', 0],
])('%s on %j gives %i faults', (pattern, name, wanted) => {
  expect(faults(pattern, name)).toBe(wanted);
});

it('no pattern makes a text run for ever', () => {
  expect(faults('^(a+)+$', `${'a'.repeat(50_000)}!`)).toBe(1);
  expect(faults('^(a|a)*(?=b)$', 'a'.repeat(50_000))).toBe(0);
});
