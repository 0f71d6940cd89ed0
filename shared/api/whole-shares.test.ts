/** @module What a served Placement says of shares. */
import { describe, expect, test } from 'vitest';
import { keptExplanation, servedPlacement } from './index.ts';

describe('a served Placement', () => {
  test.each([
    [
      [4, 4, 16],
      [17, 16, 67],
    ],
    [
      [1, 1, 1],
      [34, 33, 33],
    ],
    [
      [0, 5, 0],
      [0, 100, 0],
    ],
    [
      [1, 98, 101],
      [0, 49, 51],
    ],
  ])('the shares of %j replicas come to a hundred: %j', (counts, shares) => {
    const total = counts.reduce((sum, got) => sum + got, 0);
    const rows = counts.map((got, at) => ({
      ...{ cluster: `c${at}`, eligible: true, reason: '', message: '', before: 0, got },
      share: Math.floor((got * 100) / total),
    }));
    const spec = {
      workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
      policy: 'shop/web',
      clusters: [],
    };
    const stored = {
      apiVersion: '',
      kind: 'Placement' as const,
      metadata: { name: 'web' },
      spec,
      status: { explained: keptExplanation(rows) },
    };
    expect(servedPlacement(stored).status?.explanation?.map(({ share }) => share)).toEqual(shares);
  });
});
