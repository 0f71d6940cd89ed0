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

  it('bills each currency for itself, and compares prices in the one that most clusters have', () => {
    const cluster = (name: string, currency: string, cpuCoreHour: string): object => ({
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: { pricing: { currency, cpuCoreHour } },
    });
    const answer = planAnswer(
      planned(
        { one: [node('n', '2')], two: [node('n', '2')], three: [node('n', '4')] },
        deployment('web', 5, { cpu: '1' }),
        policy({ replicaScheduling: { strategy: 'Cheapest' } }),
        cluster('one', 'EUR', '0.2'),
        cluster('two', 'EUR', '0.3'),
        cluster('three', 'USD', '0.1'),
      ),
    );
    expect(answer.cost).toEqual({ before: '0', after: '1', currency: 'EUR', others: [{ before: '0', after: '0.1', currency: 'USD' }] });
    const row = answer.placements[0]?.explain.find((one) => one.cluster === 'three');
    expect(row?.message).toBe('its prices are in USD and not compared: it counts as without a price');
  });

  it('counts an object that is given twice once', () => {
    const plan = planned({ one: [node('n')] }, deployment('web', 3), deployment('web', 3), policy(), policy());
    expect(plan.placements.map(({ clusters }) => clusters)).toEqual([[{ cluster: 'one', replicas: 3, before: 0 }]]);
  });

  it('places nothing in a witness, nor where the cluster is not let in, and says so', () => {
    const cluster = (name: string, spec: object): object => ({
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec,
    });
    const plan = planned(
      { one: [node('n')], two: [node('n')], three: [node('n')] },
      deployment('web', 3),
      policy(),
      cluster('one', { role: 'Witness' }),
      cluster('two', { admission: 'Denied' }),
    );
    expect(planAnswer(plan).placements).toMatchObject([
      {
        clusters: [{ cluster: 'three', replicas: 3 }],
        explain: [
          { cluster: 'one', eligible: false, reason: 'denied' },
          { cluster: 'three', eligible: true },
          { cluster: 'two', eligible: false, reason: 'denied' },
        ],
      },
    ]);
  });

  const job = (spec: object, status: object = {}): object => ({
    ...(deployment('j', 1) as object),
    apiVersion: 'batch/v1',
    kind: 'Job',
    spec: { template: { spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] } }, ...spec },
    status,
  });
  const forJobs = policy({ resourceSelectors: [{ apiVersion: 'batch/v1', kind: 'Job' }] });

  it('plans an Indexed Job whole in one cluster, as each part would begin with index 0', () => {
    const usedBy = (completionMode: string) =>
      planned({ one: [node('n')], two: [node('n')] }, job({ parallelism: 2, completions: 4, completionMode }), forJobs).placements[0]
        ?.clusters.length;
    expect([usedBy('NonIndexed'), usedBy('Indexed')]).toEqual([2, 1]);
  });

  it('tells of an Indexed Job that it is not divided, not of a spread constraint that nobody wrote', () => {
    const indexed = job({ parallelism: 12, completions: 12, completionMode: 'Indexed' });
    const [told] = planned({ one: [node('n')], two: [node('n')] }, indexed, forJobs).placements;
    const text = 'an Indexed Job is not divided: each part would begin with index 0';
    expect(told?.message).toMatch(
      /^\d+ of 12 replicas unplaced: capacity in 1 cluster \(cpu\), indexed in 1 cluster; an Indexed Job is not divided/,
    );
    expect(told?.explain.map(({ reason }) => reason).sort()).toEqual(['capacity', 'indexed']);
    expect(told?.explain.find(({ reason }) => reason === 'indexed')?.message).toBe(text);
    expect(JSON.stringify(told)).not.toContain('maxDomains');
  });

  it('plans no more pods of a Job than completions are left', () => {
    const askedOf = (one: object) => planned({ one: [node('n')] }, one, forJobs).placements[0]?.replicas;
    expect(askedOf(job({ parallelism: 4, completions: 2 }))).toBe(2);
    expect(askedOf(job({ parallelism: 4, completions: 6 }, { succeeded: 5 }))).toBe(1);
    expect(askedOf(job({ parallelism: 4 }, { succeeded: 3 }))).toBe(4);
  });

  it('warns of a PriorityClass that exists nowhere', () => {
    const gold = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'gold' }, value: 7 };
    const warned = (name: string) =>
      planAnswer(planned({ one: [node('n')] }, deployment('web', 1, { priorityClassName: name }), policy(), gold)).placements[0]?.warnings;
    expect(warned('golt')).toMatchObject([expect.stringContaining('there is no PriorityClass golt')]);
    expect([warned('gold'), warned('system-node-critical')]).toEqual([undefined, undefined]);
  });

  it('has exit code 2 when something is unplaced', () => {
    expect(planExitCode(planAnswer(planned({}, deployment('web', 1), policy())))).toBe(2);
  });
});

describe('the cost', () => {
  const priced = (name: string) => ({
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name },
    spec: { pricing: { currency: 'USD', cpuCoreHour: '1' } },
  });
  const costIn = (...objects: object[]) =>
    planAnswer(planned({ a: [node('n')], b: [node('n')] }, deployment('web', 10), policy(), ...objects)).cost;

  it('names the clusters whose replicas have no price', () => {
    expect(costIn(priced('a'))).toMatchObject({ currency: 'USD', unpriced: ['b'] });
    expect(costIn()).toEqual({ before: '0', after: '0', currency: '', unpriced: ['a', 'b'] });
    expect(costIn(priced('a'), priced('b'))).toEqual({ before: '0', after: '10', currency: 'USD' });
  });
});

describe('bad input is refused with object and field', () => {
  const clusterObject = (spec: object) => ({ apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'a' }, spec });
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
    [
      'a price that no cluster has',
      [clusterObject({ pricing: { currency: 'USD', cpuHour: '0.1' } })],
      /Cluster a: unknown field "spec\.pricing\.cpuHour"/,
    ],
    ['a field that no cluster has', [clusterObject({ foo: 1 })], /Cluster a: unknown field "spec\.foo"/],
    ['a skew of zero', [policy({ spread: [{ topologyKey: 'a', maxSkew: 0 }] })], /spec\.spread\[0\]\.maxSkew: /],
    ['a quantity that is none', [deployment('web', 1, { cpu: '12x' })], /Deployment shop\/web: spec\.template\.spec.*cpu.*12x/],
    ['replicas below zero', [deployment('web', -1)], /Deployment shop\/web: spec\.replicas: /],
    [
      'an object without a name',
      [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }],
      /objects\[0\]\.metadata\.name: name the ConfigMap/,
    ],
    [
      'of two different objects of one name',
      [deployment('web', 1), deployment('web', 2)],
      /Deployment shop\/web: there are two different objects/,
    ],
    [
      'of two different Clusters of one name',
      ['x', 'y'].map((zone) => ({ apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'one', labels: { zone } } })),
      /Cluster one: there are two different objects/,
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
