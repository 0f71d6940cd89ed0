/** @module Tests of `hanse explain`. */
import { describe, expect, test } from 'vitest';
import type { Placement } from '../../shared/api/placement.ts';
import { parseTarget } from './explain.ts';
import { explanationLines } from './explanation-text.ts';

/** What is told of the Placement of the Deployment `web` by the policy of the same name. */
const webLines = (clusters: Placement['spec']['clusters'], status: NonNullable<Placement['status']>): readonly string[] =>
  explanationLines({
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Placement',
    metadata: { name: 'web-deployment', namespace: 'shop' },
    spec: {
      workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
      policy: 'shop/web',
      clusters,
    },
    status,
  });

describe('explain', () => {
  test.each([
    [['deployment/web'], { type: 'deployment', name: 'web' }],
    [['deploy', 'web'], { type: 'deploy', name: 'web' }],
    [['statefulsets.apps/db'], { type: 'statefulsets.apps', name: 'db' }],
  ])('%j names one object', (words, target) => {
    expect(parseTarget(words)).toEqual(target);
  });

  test.each([[['web']], [['a/']], [['a', 'b', 'c']], [['a/b/c']], [[]]])('%j is refused with the form that is right', (words) => {
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
      'CLUSTER   ELIGIBLE   TIER   CAN ADD   HAD   GOT   WHY',
      'aws       yes               2         0     2     no more replicas fit',
      'idc       no                          0     0     taint maintenance:NoSchedule',
    ]);
  });

  test('a cluster that did not apply the object, or one that follows it, says so before all else, and only while it has it', () => {
    const failure = { kind: 'ConfigMap', name: 'settings', reason: 'NotOwned', message: 'exists and is not ours' };
    const lines = webLines([{ name: 'aws', replicas: 2 }], {
      message: 'placed in 1 cluster',
      explanation: [
        { cluster: 'aws', eligible: true, reason: 'capacity', message: 'no more fit', before: 0, got: 2 },
        { cluster: 'idc', eligible: true, reason: '', message: '', before: 2, got: 0 },
      ],
      failures: [
        { ...failure, cluster: 'aws' },
        { ...failure, cluster: 'idc' },
      ],
    });
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/ did not apply ConfigMap settings \(NotOwned\): exists and is not ours; no more fit$/),
      expect.stringMatching(/ 0$/),
    ]);
  });

  test('what an override cannot be applied to is told once: as the reason of the decision, not as work that was not sent besides', () => {
    const message = 'overrides[0] cannot be applied: patch[0] (remove /spec/x) does not fit (Deployment web)';
    const lines = webLines([{ name: 'aws', replicas: 2 }], {
      message: 'placed in 1 cluster',
      explanation: [{ cluster: 'aws', eligible: true, reason: 'override', message: `${message}; what runs stays`, before: 2, got: 2 }],
      failures: [{ cluster: 'aws', kind: 'Deployment', name: 'web', reason: 'NotSent', message }],
    });
    expect(lines.at(-1)).toMatch(/ 2 {5,}overrides\[0\] cannot be applied: [^;]*; what runs stays$/);
  });

  test('a cluster that did not apply the object itself did not get it', () => {
    const workload = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'mine' };
    const lines = explanationLines({
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Placement',
      metadata: { name: 'mine-configmap', namespace: 'shop' },
      spec: { workload, policy: 'shop/mine', clusters: [{ name: 'aws' }] },
      status: {
        message: 'placed in 1 cluster',
        explanation: [{ cluster: 'aws', eligible: true, reason: '', message: '', before: 0, got: 1 }],
        failures: [{ cluster: 'aws', kind: 'ConfigMap', name: 'mine', reason: 'NotOwned', message: 'exists and is not ours' }],
      },
    });
    expect(lines.at(-1)).toMatch(/ 0 +1 \(not applied\) +did not apply ConfigMap mine \(NotOwned\)/);
  });

  test('what has no replicas has no column of how many more could be', () => {
    const lines = explanationLines({
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Placement',
      metadata: { name: 'mine-configmap', namespace: 'shop' },
      spec: {
        workload: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'mine' },
        policy: 'shop/mine',
        clusters: [{ name: 'aws' }],
      },
      status: {
        message: 'placed in 1 cluster',
        explanation: [{ cluster: 'aws', eligible: true, reason: '', message: '', before: 0, got: 1 }],
      },
    });
    expect(lines.slice(3)).toEqual(['CLUSTER   ELIGIBLE   TIER   HAD   GOT   WHY', 'aws       yes               0     1']);
  });

  test('a cluster that is drained and keeps what finds no other place says how much that is', () => {
    const lines = explanationLines({
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Placement',
      metadata: { name: 'web-deployment', namespace: 'shop' },
      spec: { workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }, policy: 'shop/web', clusters: [] },
      status: {
        message: 'stays on idc, which is drained, until another cluster takes it; no cluster is eligible',
        staying: [{ name: 'idc', replicas: 2, reason: 'Drained' }],
        explanation: [{ cluster: 'idc', eligible: false, reason: 'taint', message: 'taint hanse.dev/drain', before: 0, got: 0 }],
      },
    });
    expect(lines[0]).toMatch(/^Deployment shop\/web: stays on idc, which is drained/);
    expect(lines.at(-1)).toMatch(/ 2 replicas stay here until another cluster takes them; taint hanse.dev\/drain$/);
  });

  test('replicas that are not ready have a column when there are any, and a line with what is known of them', () => {
    const row = { eligible: true, reason: '', message: '', before: 0 };
    const placed = [
      { name: 'aws', replicas: 5 },
      { name: 'idc', replicas: 2 },
    ];
    const lines = (unready: NonNullable<Placement['status']>['unready']): string[] =>
      explanationLines({
        apiVersion: 'hanse.dev/v1alpha1',
        kind: 'Placement',
        metadata: { name: 'web-deployment', namespace: 'shop' },
        spec: {
          workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
          policy: 'shop/web',
          clusters: placed,
        },
        status: {
          replicas: 7,
          message: 'placed in 2 clusters',
          explanation: placed.map(({ name, replicas }) => ({ ...row, cluster: name, got: replicas })),
          ...(unready === undefined ? {} : { unready }),
        },
      });
    expect(lines([{ name: 'aws', replicas: 5, ready: 3, why: '2 pods are bound to no node' }]).slice(3)).toEqual([
      'CLUSTER   ELIGIBLE   TIER   CAN ADD   HAD   GOT   READY   WHY',
      'aws       yes               unknown   0     5     3',
      'idc       yes               unknown   0     2     2',
      '',
      '2 replicas on aws are not Ready: 2 pods are bound to no node',
    ]);
    expect(lines(undefined).slice(3)[0]).toBe('CLUSTER   ELIGIBLE   TIER   CAN ADD   HAD   GOT   WHY');
  });

  test('a CronJob is not divided, and it is said that each cluster runs it whole', () => {
    const lines = explanationLines({
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Placement',
      metadata: { name: 'report-cronjob', namespace: 'shop' },
      spec: {
        workload: { apiVersion: 'batch/v1', kind: 'CronJob', namespace: 'shop', name: 'report' },
        policy: 'shop/all',
        clusters: [{ name: 'aws' }, { name: 'idc' }],
      },
      status: { message: 'placed in 2 clusters' },
    });
    expect(lines[1]).toBe(
      'policy shop/all, not divided: each cluster that got it runs all its Jobs (spread over hanse.dev/cluster with maxDomains 1 keeps it in one)',
    );
  });

  test('scores, prices and shares have columns when there are any, and the cost a line', () => {
    const lines = webLines([{ name: 'aws', replicas: 2 }], {
      replicas: 2,
      message: 'placed in 1 cluster',
      cost: { before: '0', after: '0.5', currency: 'USD' },
      explanation: [
        {
          cluster: 'aws',
          eligible: true,
          reason: '',
          message: '',
          fits: 2,
          exact: false,
          scores: [{ term: 'preferredClusters[0]', score: 5 }],
          price: '0.25',
          share: 100,
          before: 0,
          got: 2,
        },
        { cluster: 'gcp', eligible: true, reason: 'capacity', message: 'full', fits: 0, exact: false, before: 0, got: 0 },
      ],
    });
    expect(lines.slice(2)).toEqual([
      'cost an hour 0.5 USD, before 0',
      '',
      'CLUSTER   ELIGIBLE   TIER   SCORE                         PRICE/H   CAN ADD   HAD   GOT   SHARE   WHY',
      'aws       yes               5 (preferredClusters[0] +5)   0.25      >=2       0     2     100%',
      'gcp       yes                                                       ~0        0     0             full',
    ]);
  });
});
