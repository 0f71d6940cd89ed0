/** @module What the checker of losses calls a broken rule, and what not. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { lossCheck } from './loss-check.ts';
import { observe } from './observer.ts';

const rule = 'the hub loses no cluster whose agent runs and can reach the broker';

/** The rule that is broken when the reason of Ready becomes these, one after the other, of a cluster left alone for so long. */
const brokenBy = (reasons: readonly string[], untouchedMs: readonly number[]): string | undefined => {
  let at = 0;
  const observer = observe([lossCheck(() => untouchedMs[at] ?? 0)], () => 0);
  for (; at < reasons.length; at++) {
    const status = { conditions: [{ type: 'Ready', reason: reasons[at] }] };
    observer.written({ revision: at, key: 'hanse.dev/clusters//a', object: { metadata: { name: 'a' }, status } as unknown as KubeObject });
  }
  return observer.broken()?.rule;
};

test.each<[string, readonly string[], readonly number[], string | undefined]>([
  ['a loss out of nothing', ['AgentReady', 'AgentStatusUnknown'], [0, 200_000], rule],
  ['a loss of one that nothing was ever done to', ['AgentStatusUnknown'], [Number.POSITIVE_INFINITY], rule],
  ['no loss soon after its agent stopped or its way was cut', ['AgentReady', 'AgentStatusUnknown'], [0, 30_000], undefined],
  ['no loss that is only written once more', ['AgentStatusUnknown', 'AgentStatusUnknown'], [0, 200_000], undefined],
  ['no doubt', ['AgentReady', 'AgentNotSeen'], [0, 200_000], undefined],
])('%s', (_, reasons, untouchedMs, broken) => {
  expect(brokenBy(reasons, untouchedMs)).toBe(broken);
});
