/** @module What the lines of a plan say of replicas that find no place. */
import { describe, expect, it } from 'vitest';
import type { AnsweredPlacement, PlanAnswer } from '../../shared/plan/index.ts';
import { planLines } from './plan-text.ts';

const row = (cluster: string, fits: number, exact: boolean) => ({ cluster, eligible: true, reason: '', message: '', fits, exact });
const placement = (name: string, more: Partial<AnsweredPlacement> = {}): AnsweredPlacement => ({
  object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
  policy: 'shop/all',
  replicas: 6,
  clusters: [],
  unplaced: 6,
  reason: 'Unplaced',
  message: '6 of 6 replicas unplaced: capacity in 1 cluster',
  explain: [row('a', 0, true)],
  ...more,
});
const linesOf = (placements: readonly AnsweredPlacement[], more: Partial<PlanAnswer> = {}, isWhole = false): string[] =>
  planLines({ placements, cost: { before: '0', after: '0', currency: 'EUR' }, load: [], ...more }, { isWhole, isColoured: false });

describe('replicas that find no place', () => {
  it('are an estimate where some cluster may take more than is sure', () => {
    const [, sure] = linesOf([placement('web')]);
    const [, open] = linesOf([placement('web', { explain: [row('a', 0, false), row('b', 2, true), row('c', 1, false)] })]);
    expect(sure).toMatch(/capacity in 1 cluster$/);
    expect(open).toMatch(/capacity in 1 cluster; an estimate: a can add ~0, c can add >=1, and may take more$/);
  });

  it('and stay where they run are no move, and the line of their cluster says why they stay', () => {
    const staying = [{ cluster: 'idc', replicas: 2, before: 0, reason: 'Deselected' as const }];
    const lines = linesOf([placement('web', { clusters: [{ cluster: 'idc', replicas: 0, before: 4 }], staying, unplaced: 2 })]);
    expect(lines[1]).toMatch(/^deployment\/web \(shop\) +idc +4 +2 +-2, 2 stay: selected no more$/);
    expect(lines).toContain('1 object, 0 replicas to start, 2 unplaced, 2 of which stay where they run');
  });

  it('and found none before are told in the same words, whether their objects are shown or not', () => {
    const told = '6 replicas unplaced before and still, of objects that stay as they are';
    expect(linesOf([], { unchanged: 1, stillUnplaced: 6 })).toEqual(
      expect.arrayContaining(['0 objects, 0 replicas to start, 0 unplaced, 1 unchanged', told]),
    );
    const whole = linesOf([placement('web', { asBefore: true })], { stillUnplaced: 6 }, true);
    expect(whole).toEqual(expect.arrayContaining(['1 object, 0 replicas to start, 0 unplaced', told]));
  });
});
