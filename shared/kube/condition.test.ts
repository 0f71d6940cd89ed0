/** @module When conditions change, and since when they are what they are. */
import { expect, test } from 'vitest';
import { timeText } from '../lib/time-text.ts';
import { type Condition, withCondition } from './condition.ts';

const ready = { type: 'Ready', status: 'True', reason: 'AllUp', message: '' } as const;
const at = (nowMs: number): string => timeText(nowMs);

test('a condition takes the place of the one of its type, and is since its status changed', () => {
  const other: Condition = { ...ready, type: 'Other', lastTransitionTime: at(1_000) };
  const first: readonly Condition[] = withCondition([other], ready, 5_000);
  expect(first).toEqual([other, { ...ready, lastTransitionTime: at(5_000) }]);
  const said: readonly Condition[] = withCondition(first, { ...ready, reason: 'MostUp' }, 9_000);
  expect(said).toEqual([other, { ...ready, reason: 'MostUp', lastTransitionTime: at(5_000) }]);
  expect(withCondition(said, { ...ready, status: 'False' }, 9_000)[1]?.lastTransitionTime).toBe(at(9_000));
});

test('what the one before said besides is not kept', () => {
  type Loose = { readonly type: string; readonly status: 'True' | 'False'; readonly reason?: string; readonly lastTransitionTime?: string };
  const waiting: readonly Loose[] = withCondition<Loose>([], { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }, 1_000);
  expect(withCondition<Loose>(waiting, { type: 'PodScheduled', status: 'True' }, 2_000)).toEqual([
    { type: 'PodScheduled', status: 'True', lastTransitionTime: at(2_000) },
  ]);
});
