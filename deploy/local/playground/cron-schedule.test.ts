/** @module Rules of a CronJob's schedule. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cronSchedule } from './cron-schedule.ts';

const at = (text: string): number => Date.parse(text);
const text = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16));

test.each([
  ['* * * * *', 'UTC', '2026-01-01T00:00:30Z', '2026-01-01T00:01'],
  ['*/20 * * * *', 'UTC', '2026-01-01T00:40:00Z', '2026-01-01T01:00'],
  ['5/20 * * * *', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:05'],
  ['10-20/5,59 8 * * *', 'UTC', '2026-01-01T08:20:00Z', '2026-01-01T08:59'],
  ['0 9 * * Mon-fri', 'UTC', '2026-01-02T09:00:00Z', '2026-01-05T09:00'],
  ['0 0 29 FEB *', 'UTC', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
  ['0 0 13 * 5', 'UTC', '2026-01-01T00:00:00Z', '2026-01-02T00:00'],
  ['0 0 13 * ?', 'UTC', '2026-01-01T00:00:00Z', '2026-01-13T00:00'],
  ['@hourly', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T01:00'],
  ['@weekly', 'UTC', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
  ['@every 1h30m', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T01:30'],
  ['0 9 * * *', 'Europe/Berlin', '2026-07-01T00:00:00Z', '2026-07-01T07:00'],
  ['30 0 * * *', 'Asia/Kolkata', '2026-01-01T12:00:00Z', '2026-01-01T19:00'],
  ['0 0 31 2 *', 'UTC', '2026-01-01T00:00:00Z', undefined],
])('%s in %s is due after %s at %s', (schedule, zone, after, due) => {
  expect(text(cronSchedule(schedule, zone).next(at(after)))).toBe(due);
});

test('a time that the clocks leave out is not due that day, one that they repeat is due twice', () => {
  const { next } = cronSchedule('30 2 * * *', 'Europe/Berlin');
  expect(text(next(at('2026-03-29T00:00:00Z')))).toBe('2026-03-30T00:30');
  expect(text(next(at('2026-10-25T00:00:00Z')))).toBe('2026-10-25T00:30');
  expect(text(next(at('2026-10-25T00:30:00Z')))).toBe('2026-10-25T01:30');
});

test('of the times that were missed the last is told, and none when none was', () => {
  const { last } = cronSchedule('15 3 * * *', 'UTC');
  expect(text(last(at('2025-01-01T00:00:00Z'), at('2026-01-01T03:14:59Z')))).toBe('2025-12-31T03:15');
  expect(text(last(at('2025-01-01T00:00:00Z'), at('2025-01-01T03:15:00Z')))).toBe('2025-01-01T03:15');
  expect(last(at('2025-01-01T03:15:00Z'), at('2025-01-02T03:14:00Z'))).toBeUndefined();
});

test('the last time is the one that walking from time to time ends at', () => {
  const minutes = fc.constantFrom('*', '*/7', '0', '5,50');
  const hours = fc.constantFrom('*', '3', '*/5');
  const days = fc.constantFrom('*', '1-3', '31');
  const start = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z') });
  fc.assert(
    fc.property(minutes, hours, days, start, fc.integer({ min: 0, max: 3 * 24 * 3_600_000 }), (minute, hour, day, fromMs, spanMs) => {
      const schedule = cronSchedule(`${minute} ${hour} ${day} * *`, 'America/New_York');
      let walked: number | undefined;
      for (let due = schedule.next(fromMs); due !== undefined && due <= fromMs + spanMs; due = schedule.next(due)) walked = due;
      expect(schedule.last(fromMs, fromMs + spanMs)).toBe(walked);
    }),
    { numRuns: 30 },
  );
});
