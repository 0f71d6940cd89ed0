/** @module Which outages of broker and hub a member tells: those of which it has seen the beginning and the end. */
import { expect, test } from 'vitest';
import { brokerName, hubName } from '../wire/mesh.ts';
import { makeOutages } from './outages.ts';
import type { Verdict } from './state.ts';

const beganMs = 1_000;
const verdict = (sinceMs: number, phase: Verdict['phase'], of: Pick<Verdict, 'target' | 'cause'>): Verdict => ({
  ...{ ...of, phase, sinceMs, epoch: 0, voters: ['a', 'b'], domains: 2, needed: 2, observers: 3 },
});
const broker = { target: brokerName, cause: 'Broker' } as const;
const hub = { target: hubName, cause: 'Hub' } as const;

test('an outage is told when it is over, with times since the member began to watch', () => {
  const outages = makeOutages(beganMs);
  expect(outages.note(verdict(3_000, 'Standing', broker), 3_000)).toBe(false);
  expect(outages.note(verdict(3_000, 'Cleared', broker), 8_000)).toBe(true);
  expect(outages.all()).toMatchObject([{ cause: 'Broker', sinceMs: 2_000, untilMs: 7_000, voters: ['a', 'b'] }]);
});

test('an outage that began before the agent was restarted is not told by it: it may have been over for long', () => {
  const outages = makeOutages(beganMs);
  expect(outages.note(verdict(-3_600_000, 'Cleared', broker), 3_000)).toBe(false);
  expect(outages.note(verdict(3_000, 'Standing', hub), 3_000)).toBe(false);
  expect(outages.note(verdict(3_000, 'Cleared', hub), 8_000)).toBe(true);
  expect(outages.all().map(({ cause }) => cause)).toEqual(['Hub']);
});
