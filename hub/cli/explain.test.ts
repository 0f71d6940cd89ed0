/** @module Tests of `hanse explain`. */
import { describe, expect, test } from 'vitest';
import type { Placement } from '../../shared/api/placement.ts';
import { explanationLines, parseTarget } from './explain.ts';

describe('explain', () => {
  test.each([
    [['deployment/web'], { kind: 'deployment', name: 'web' }],
    [['deploy', 'web'], { kind: 'deployment', name: 'web' }],
    [['statefulsets.apps/db'], { kind: 'statefulsets', name: 'db' }],
  ])('%j names one object', (words, target) => {
    expect(parseTarget(words)).toEqual(target);
  });

  test.each([[['web']], [['a/']], [['a', 'b', 'c']], [[]]])('%j is refused with the form that is right', (words) => {
    expect(() => parseTarget(words)).toThrow('TYPE/NAME');
  });

  test('every cluster has a row with what it could take, what it got and why', () => {
    const placement: Placement = {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Placement',
      metadata: { name: 'web-deployment', namespace: 'shop' },
      spec: {
        workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
        policy: 'shop/web',
        clusters: [{ name: 'aws', replicas: 2 }],
      },
      status: {
        replicas: 3,
        unplaced: 1,
        message: '1 of 3 replicas unplaced: capacity in 1 cluster',
        explanation: [
          { cluster: 'aws', eligible: true, reason: 'capacity', message: 'no more replicas fit', fits: 2, exact: true, before: 0, got: 2 },
          { cluster: 'idc', eligible: false, reason: 'taint', message: 'taint maintenance:NoSchedule', before: 0, got: 0 },
        ],
      },
    };
    expect(explanationLines(placement)).toEqual([
      'Deployment shop/web: 1 of 3 replicas unplaced: capacity in 1 cluster',
      'policy shop/web, 3 replicas wanted, 1 unplaced',
      '',
      'CLUSTER   ELIGIBLE   TIER   FITS      HAD   GOT   WHY',
      'aws       yes               2         0     2     no more replicas fit',
      'idc       no                unknown   0     0     taint maintenance:NoSchedule',
    ]);
  });
});
