/** @module Rules of times as texts. */
import { expect, it } from 'vitest';
import { timeText } from './time-text.ts';

it.each([
  [1_767_225_600_999, '2026-01-01T00:00:00Z'],
  [253_402_300_799_999, '9999-12-31T23:59:59Z'],
  [253_402_300_800_000, '9999-12-31T23:59:59Z'],
  [9_000_000_000_000_000, '9999-12-31T23:59:59Z'],
  [2 ** 63 * 1_000, '9999-12-31T23:59:59Z'],
])('%d ms after the epoch is told as %s', (ms, text) => {
  expect(timeText(ms)).toBe(text);
});
