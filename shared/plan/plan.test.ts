/** @module Offline plans: present state, the ledger between workloads, what is told of bad input. */
import { describe, expect, it } from 'vitest';
import { planAnswer, planCase, planExitCode } from './index.ts';
import { deployment, node, placement, planned, pod, policy, told } from './testing.ts';

describe('present state', () => {
  it('is the pods that the selector matches and that have not ended nor are ending', () => {
    const dump = [
      node('n'),
      pod('a', 'n'),
      pod('b', 'n', { phase: 'Succeeded' }),
      pod('c', 'n', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod('d', 'n', { labels: { app: 'other' } }),
    ];
    expect(told({ one: dump }, deployment('web', 4), policy())).toEqual(['web: one 1→4']);
  });

  it('of a Placement without pods holds room, and is not counted twice with them', () => {
    // Three of five are seen: two more are on their way and take two of the five free cores.
    const dump = [node('n'), pod('a', 'n'), pod('b', 'n'), pod('c', 'n')];
    const plan = planned({ one: dump }, deployment('web', 9), policy(), placement('web', { one: 5 }));
    expect(plan.placements[0]).toMatchObject({ clusters: [{ cluster: 'one', before: 5, replicas: 8 }], unplaced: 1 });
    expect(plan.placements[0]?.explain[0]).toMatchObject({ fits: 3, exact: true });
  });

  it('in a cluster that is gone is placed anew, and the loss is told', () => {
    expect(told({ one: [node('n')] }, deployment('web', 4), policy(), placement('web', { lost: 4 }))).toEqual(['web: lost 4→0 one 0→4']);
  });

  it('that is the decision already changes nothing', () => {
    const clusters = { a: [node('n')], b: [node('n')] };
    expect(told(clusters, deployment('web', 6), policy(), placement('web', { a: 5, b: 1 }))).toEqual(['web: a 5→5 b 1→1']);
  });
});

describe('several workloads', () => {
  it('never spend the same room', () => {
    expect(told({ one: [node('n')] }, deployment('api', 6), deployment('web', 6), policy())).toEqual([
      'api: one 0→6',
      'web: one 0→2 4 unplaced',
    ]);
  });

  it('are decided by priority, then by name', () => {
    const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 };
    expect(told({ one: [node('n')] }, deployment('api', 6), deployment('web', 6, { priorityClassName: 'high' }), policy(), high)).toEqual([
      'web: one 0→6',
      'api: one 0→2 4 unplaced',
    ]);
  });

  it('that no policy selects are named', () => {
    expect(planned({}, deployment('web', 1)).unselected).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
    ]);
  });
});

describe('the answer', () => {
  it('says what every cluster could take and what all of it costs', () => {
    const cluster = {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'one', labels: {} },
      spec: { pricing: { currency: 'USD', cpuCoreHour: '0.045', memoryGiBHour: '0.005' }, taints: [] },
    };
    const plan = planned({ one: [node('n')], two: [node('n', '2')] }, deployment('web', 3), policy(), cluster);
    expect(planAnswer(plan)).toMatchObject({
      placements: [
        {
          replicas: 3,
          unplaced: 0,
          explain: [
            { cluster: 'one', fits: 8, exact: true },
            { cluster: 'two', fits: 2 },
          ],
        },
      ],
      cost: { before: '0', after: '0.09', currency: 'USD' },
    });
    expect(planExitCode(planAnswer(plan))).toBe(0);
  });

  it('has exit code 2 when something is unplaced', () => {
    expect(planExitCode(planAnswer(planned({}, deployment('web', 1), policy())))).toBe(2);
  });
});

describe('bad input is refused with object and field', () => {
  it.each([
    [
      'an unknown strategy',
      [policy({ replicaScheduling: { strategy: 'Best' } })],
      /PlacementPolicy shop\/all: spec\.replicaScheduling\.strategy: /,
    ],
    ['a field that no policy has', [policy({ tires: [] } as object)], /PlacementPolicy shop\/all: unknown field "spec\.tires"/],
    [
      'a field that no part of a policy has',
      [policy({ spread: [{ topologyKey: 'a', maxSqew: 1 }] as never })],
      /PlacementPolicy shop\/all: unknown field "spec\.spread\[0\]\.maxSqew"/,
    ],
    ['a skew of zero', [policy({ spread: [{ topologyKey: 'a', maxSkew: 0 }] })], /spec\.spread\[0\]\.maxSkew: /],
    ['a quantity that is none', [deployment('web', 1, { cpu: '12x' })], /Deployment shop\/web: spec\.template\.spec.*cpu.*12x/],
    ['replicas below zero', [deployment('web', -1)], /Deployment shop\/web: spec\.replicas: /],
    [
      'an object without a name',
      [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }],
      /objects\[0\]\.metadata\.name: name the ConfigMap/,
    ],
    ['what is no object', [7], /objects\[0\]\.kind: say what the object is/],
  ])('%s', (_, objects, message) => {
    const made = planCase({ clusters: {}, objects }, { nowMs: 0 });
    expect(made.ok ? '' : made.message).toMatch(message);
  });

  it('of a dump names the cluster', () => {
    const made = planCase({ clusters: { one: { dump: [node('n', '-x')] } }, objects: [] }, { nowMs: 0 });
    expect(made.ok ? '' : made.message).toMatch(/^cluster one: Node n: status\.allocatable\[cpu\]/);
  });
});
