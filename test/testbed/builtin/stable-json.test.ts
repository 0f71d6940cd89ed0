/** @module The rules of stable json. */
import { expect, test } from 'vitest';
import { type Json, stableJson } from './stable-json.ts';

test.each<[string, Json, number, string]>([
  ['sorts keys at every depth', { b: { d: 1, c: 2 }, a: [] }, 0, '{"a":[],"b":{"c":2,"d":1}}\n'],
  ['gives each entry a line, two levels down', { x: { b: [1, 2], a: { c: null } } }, 2, '{\n"x":{\n"a":{"c":null},\n"b":[1,2]\n}\n}\n'],
  ['keeps the order of lists', [3, 1, 2], 1, '[\n3,\n1,\n2\n]\n'],
  ['writes empty objects and lists in place', { a: {}, b: [] }, 2, '{\n"a":{},\n"b":[]\n}\n'],
])('stableJson %s', (_, value, depth, text) => {
  expect(stableJson(value, depth)).toBe(text);
});
