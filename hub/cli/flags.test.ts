/** @module Values of flags. */
import { describe, expect, it } from 'vitest';
import { durationSeconds } from './flags.ts';

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['30m', 1_800],
    ['1m30s', 90],
    ['1h30m', 5_400],
    ['1d2h3m4s', 93_784],
    ['7d', 604_800],
    ['0s', 0],
  ])('may be %s', (text, seconds) => {
    expect(durationSeconds(text)).toBe(seconds);
  });

  it.each(['', '90', '30s1m', '1m1m', '1.5h', '-1s', '1h 30m', '1234567s'])('is not %j, and what to write is said', (text) => {
    expect(() => durationSeconds(text)).toThrow('write it as 90s, 30m, 1h30m or 7d');
  });
});
