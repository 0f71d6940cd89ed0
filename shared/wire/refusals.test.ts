/** @module Refusals of the bus are counted each, and told so that a flood of them is none of lines. */
import { expect, test } from 'vitest';
import { silentLog } from '../lib/index.ts';
import { makeRefusals } from './refusals.ts';

const stranger = (cluster: string, reason = 'Stranger') => ({
  cluster,
  subject: 'mesh broker',
  reason,
  message: `${cluster} is not in the membership`,
});

/** A clock that is moved by hand, and the lines that are told. */
const bench = () => {
  let nowMs = 0;
  const timers: { atMs: number; run: () => void }[] = [];
  const lines: unknown[] = [];
  const setTimer = (afterMs: number, run: () => void) => {
    timers.push({ atMs: nowMs + afterMs, run });
    return () => void timers.splice(0);
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const due of timers.filter(({ atMs }) => atMs <= nowMs)) timers.splice(timers.indexOf(due), 1)[0]?.run();
  };
  const log = { ...silentLog, warn: (_: string, fields?: object) => void lines.push(fields) };
  return { refusals: makeRefusals({ monotonicMs: () => nowMs, setTimer, log }), lines, pass, waiting: () => timers.length };
};

test('a refusal is told at once, and one that goes on once a minute with how often it came since', () => {
  const { refusals, lines, pass } = bench();
  for (let second = 0; second < 150; second++) {
    refusals.refuse(stranger('m4'));
    pass(1_000);
  }
  expect(lines).toMatchObject([{ times: 1 }, { times: 59, refusedSoFar: 60 }, { times: 60, refusedSoFar: 120 }]);
  refusals.refuse(stranger('m5'));
  refusals.refuse(stranger('m4', 'BadSignature'));
  expect(lines.slice(3)).toMatchObject([
    { cluster: 'm5', times: 1 },
    { reason: 'BadSignature', times: 1 },
  ]);
  expect([...refusals.counts()]).toEqual([
    ['m4/Stranger', 150],
    ['m5/Stranger', 1],
    ['m4/BadSignature', 1],
  ]);
});

test('of a burst that has ended the last line says how many there were', () => {
  const { refusals, lines, pass, waiting } = bench();
  for (let at = 0; at < 50_000; at++) {
    refusals.refuse(stranger('m4'));
    pass(1);
  }
  pass(10_000);
  pass(3_600_000);
  expect(lines).toMatchObject([{ times: 1 }, { times: 49_999, refusedSoFar: 50_000 }]);
  expect(waiting()).toBe(0);
  refusals.refuse(stranger('m4'));
  expect(lines.at(-1)).toMatchObject({ times: 1, refusedSoFar: 50_001 });
  refusals.refuse(stranger('m4'));
  refusals.refuse(stranger('m4'));
  refusals.close();
  expect(lines.at(-1)).toMatchObject({ times: 2, refusedSoFar: 50_003 });
  expect(waiting()).toBe(0);
});
