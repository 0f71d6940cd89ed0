/** @module The ledger of offline plans: where pods are bound, what those that give way leave, and what is exact; counted by hand beside each case. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deployment, node, placement, planned, pod, policy } from './testing.ts';

describe('the ledger', () => {
  const burst = (cores: readonly [string, string], first: string, second: string) =>
    planned(
      { a: [node('n1', cores[0]), node('n2', cores[1])] },
      deployment('one', 1, { cpu: first }),
      deployment('two', 1, { cpu: second }),
      policy(),
    );

  it('binds where most is free once the pod is there, as the default scheduler does', () => {
    // One core and a half on the node of three leaves 50 % there and 25 % on the node of two: nothing of three cores is left.
    expect(burst(['2', '3'], '1500m', '3').placements.map(({ unplaced }) => unplaced)).toEqual([0, 1]);
    expect(burst(['2', '5'], '1500m', '3').placements.map(({ unplaced }) => unplaced)).toEqual([0, 0]);
  });

  it('says that a count beside pods on their way is an estimate where unlike nodes were to choose from, and exact where none were', () => {
    const exactOf = (...of: Parameters<typeof burst>): (boolean | undefined)[] =>
      burst(...of).placements.map(({ explain }) => explain[0]?.exact);
    // Two cores fit once when the one core is on the node of two, and twice when it is on the other.
    expect(exactOf(['2', '3'], '1', '2')).toEqual([true, false]);
    // A core and a half takes two places of one core wherever it is.
    expect(exactOf(['2', '3'], '1500m', '1')).toEqual([true, true]);
    expect(exactOf(['3', '3'], '1500m', '1')).toEqual([true, true]);
    expect(exactOf(['1', '3'], '1500m', '1')).toEqual([true, true]);
    expect(exactOf(['2', '3'], '1', '1')).toEqual([true, true]);
  });
});

describe('the room of those that give way', () => {
  const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 100 };
  const full = [node('n1', '2'), node('n2', '2'), pod('p1', 'n1'), pod('p2', 'n2'), pod('p3', 'n1'), pod('p4', 'n2')];
  const rows = (dump: readonly unknown[], gold: number, ...more: unknown[]) =>
    planned(
      { a: dump },
      deployment('web', 4),
      deployment('gold', gold, { priorityClassName: 'high' }),
      high,
      policy({ preemption: 'LowerPriority' }),
      ...more,
    ).placements.map(({ object, explain }) => [object.name, explain[0]?.fits, explain[0]?.exact]);

  it('is none, exactly, where what comes takes their very places', () => {
    expect(rows(full, 4)).toEqual([
      ['gold', 4, true],
      ['web', 0, true],
    ]);
  });

  it('leaves what was free besides to others, exactly', () => {
    const more = [...full, node('n3', '1')];
    expect(rows(more, 3, deployment('zoo', 1, { cpu: '500m' })).slice(1)).toEqual([
      ['web', 0, true],
      ['zoo', 0, true],
    ]);
  });

  it('is counted on the nodes that they are seen on, whichever of them go there, and whoever else fills others', () => {
    const strangers = [1, 2, 3, 4].map((at) => pod(`s${at}`, 'n2', { labels: { app: 'strange' } }));
    const web = [1, 2, 3, 4].map((at) => pod(`w${at}`, 'n1'));
    const placed = (gold: number, cpu: string, ...pods: unknown[]) =>
      planned(
        { a: [node('n1', '4'), node('n2', '4'), ...pods] },
        deployment('web', 4),
        deployment('gold', gold, { cpu, priorityClassName: 'high' }),
        high,
        policy({ preemption: 'LowerPriority' }),
      ).placements.map(({ clusters }) => clusters.map(({ replicas }) => replicas));
    expect(placed(1, '2', ...strangers, ...web)).toEqual([[1], [2]]);
    expect(placed(1, '4', ...strangers, ...web)).toEqual([[1], [0]]);
    // Two on either node: only when all of them go there is a place of two on each.
    expect(placed(2, '4', pod('w1', 'n1'), pod('w2', 'n1'), pod('w3', 'n2'), pod('w4', 'n2'))).toEqual([[2], [0]]);
  });

  it('is given to one only, however large those are who come and go', () => {
    const lots = fc.array(fc.record({ replicas: fc.integer({ min: 1, max: 2 }), cores: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 3,
    });
    const coresOf = ({ replicas, cores }: { replicas: number; cores: number }): number => replicas * cores;
    fc.assert(
      fc.property(lots, lots, (running, coming) => {
        const cores = running.reduce((sum, one) => sum + coresOf(one), 1);
        const low = running.map((one, at) => deployment(`low${at}`, one.replicas, { cpu: String(one.cores) }));
        const gold = coming.map((one, at) => deployment(`gold${at}`, one.replicas, { cpu: String(one.cores), priorityClassName: 'high' }));
        const present = running.map((one, at) => placement(`low${at}`, { a: one.replicas }));
        const sizes = new Map([...low, ...gold].map((one, at) => [one.metadata.name, [...running, ...coming][at]?.cores ?? 0]));
        const plan = planned(
          { a: [node('n1', String(cores))] },
          ...low,
          ...gold,
          ...present,
          high,
          policy({ preemption: 'LowerPriority' }),
        );
        const held = plan.placements.flatMap(({ object, clusters }) =>
          clusters.map(({ replicas }) => replicas * (sizes.get(object.name) ?? 0)),
        );
        expect(held.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(cores);
      }),
      { numRuns: 100 },
    );
  });

  it('is an estimate to those who look at the pods of others, as long as nobody can choose who goes', () => {
    const shy = deployment('zoo', 1);
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'gold' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const { template } = shy.spec;
    const apart = { ...shy, spec: { ...shy.spec, template: { ...template, spec: { ...template.spec, affinity } } } };
    const rollingOut = full.map((one) =>
      one.metadata.name === 'p1'
        ? { ...one, metadata: { ...one.metadata, ownerReferences: [{ kind: 'ReplicaSet', name: 'web-2' }] } }
        : one,
    );
    expect([full, rollingOut].map((dump) => rows([...dump, node('n3', '3')], 4, apart).at(-1)?.[2])).toEqual([true, false]);
  });
});

describe('the ledger over alike nodes', () => {
  const host = 'kubernetes.io/hostname';
  const onFirst = { nodeSelector: { [host]: 'n1' } };
  const port = {
    containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 80, hostPort: 80 }], resources: { requests: { cpu: '2' } } }],
  };
  const apart = (app: string) => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: host, labelSelector: { matchLabels: { app } } }],
      },
    },
  });
  const even = {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: host, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'two' } } },
    ],
  };
  const asks = (name: string, replicas: number, cpu: string, fields: object) => {
    const made = deployment(name, replicas, { cpu });
    const { template } = made.spec;
    return { ...made, spec: { ...made.spec, template: { ...template, spec: { ...template.spec, ...fields } } } };
  };
  const nodes = [node('n1', '2'), node('n2', '2'), node('n3', '2')];
  const holder = {
    ...pod('web', 'n1', { labels: {} }),
    spec: { nodeName: 'n1', containers: port.containers.map(({ ports }) => ({ ports })) },
  };

  it.each<[string, readonly unknown[], object, object, number, boolean]>([
    ['one of them asked for by name may be the one', nodes, asks('one', 1, '2', {}), asks('two', 1, '1', onFirst), 0, false],
    ['all of them are filled alike', nodes, asks('one', 3, '2', {}), asks('two', 1, '1', onFirst), 0, true],
    ['one by name has what all have', nodes, asks('one', 3, '1', {}), asks('two', 1, '1', onFirst), 1, true],
    ['a port is taken on one, which may be full', [...nodes, holder], asks('one', 1, '1', {}), asks('two', 1, '2', port), 1, false],
    ['a port is taken on none', nodes, asks('one', 1, '1', {}), asks('two', 1, '2', port), 2, true],
    ['those apart by host do not mind which', nodes, asks('one', 1, '2', {}), asks('two', 1, '1', apart('two')), 2, true],
    ['those apart from another do not mind which', nodes, asks('one', 2, '1', {}), asks('two', 1, '2', apart('one')), 1, true],
    ['those spread by host do not mind which', nodes, asks('one', 1, '1', {}), asks('two', 1, '1', even), 5, true],
  ])('%s', (_, dump, one, two, fits, exact) => {
    const [, second] = planned({ a: dump }, one, two, policy()).placements;
    expect(second?.explain[0]).toMatchObject({ fits, exact });
  });
});
