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

test('a refusal is told at once, and one that goes on once a minute with how often it came since', () => {
  let nowMs = 0;
  const lines: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, fields?: object) => void lines.push(fields) };
  const refusals = makeRefusals({ monotonicMs: () => nowMs, log });
  for (; nowMs < 150_000; nowMs += 1_000) refusals.refuse(stranger('m4'));
  expect(lines).toMatchObject([{ times: 1 }, { times: 60, refusedSoFar: 61 }, { times: 60, refusedSoFar: 121 }]);
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
