/** @module What a plan says of replicas that run where it places them no more and that no other cluster takes. */
import { describe, expect, it } from 'vitest';
import { fleetOfCase, makePlan, planAnswer, planExitCode, readScenario, runScenario, settled, withLosses } from './index.ts';
import { cluster, deployment, node, placement, planned, policy } from './testing.ts';

const only = (name: string, more: object = {}) =>
  policy({ tiers: [{ name: 'only', clusterSelector: { matchLabels: { 'hanse.dev/cluster': name } } }], ...more });
const priced = (name: string, spec: object = {}) => cluster(name, {}, { pricing: { currency: 'EUR', cpuCoreHour: '5' }, ...spec });
/** Two replicas in `idc`; of `aws` so many cores are free. */
const moved = (free: string, ...more: readonly object[]) =>
  planAnswer(
    planned({ idc: [node('i')], aws: [node('a', free)] }, deployment('web', 3), placement('web', { idc: 2 }), priced('aws'), ...more),
  );
const stay = (clusterName: string, replicas: number, reason: string, before = 0) => ({ cluster: clusterName, replicas, before, reason });

describe('what a policy selects no more', () => {
  it('stays where it finds no other place, and is told with its reason, its load and its cost', () => {
    const answer = moved('0', only('aws'), priced('idc'));
    expect(answer.placements[0]).toMatchObject({
      clusters: [{ cluster: 'idc', replicas: 0, before: 2 }],
      staying: [stay('idc', 2, 'Deselected')],
      unplaced: 3,
    });
    expect(answer.placements[0]?.message).toMatch(/^stays on idc, which the policy selects no more, until another cluster takes it; /);
    expect(answer.cost).toMatchObject({ before: '10', after: '10', currency: 'EUR' });
    expect(answer.load.find((load) => load.cluster === 'idc')?.cpuMilli).toMatchObject({ percentBefore: 25, percentAfter: 25 });
    expect(planExitCode(answer)).toBe(2);
  });

  it('goes as far as it finds a place, and altogether where it finds one for all', () => {
    const part = moved('2', only('aws'), priced('idc'));
    expect(part.placements[0]).toMatchObject({ staying: [stay('idc', 1, 'Deselected')], unplaced: 1 });
    expect(part.cost).toMatchObject({ before: '10', after: '15' });
    const all = moved('3', only('aws'), priced('idc'));
    expect(all.placements[0]).not.toHaveProperty('staying');
    expect(all.load.find((load) => load.cluster === 'idc')?.cpuMilli).toMatchObject({ percentBefore: 25, percentAfter: 0 });
  });

  it('goes without another place where residency or a NoExecute taint forbids it', () => {
    const away = { taints: [{ key: 'maintenance', effect: 'NoExecute' }] };
    expect(moved('0', only('aws'), cluster('idc', {}, away)).placements[0]).not.toHaveProperty('staying');
    const residency = { residency: { topologyKey: 'hanse.dev/cluster', values: ['aws'] } };
    expect(moved('0', only('aws', residency)).placements[0]).not.toHaveProperty('staying');
  });

  it('stays as before in a plan that is made again on what stays', () => {
    const before = {
      ...placement('web', {}),
      status: { unplaced: 3, reason: 'Unplaced', staying: [{ name: 'idc', replicas: 2, reason: 'Deselected' }] },
    };
    const dumps = { idc: [node('i')], aws: [node('a', '0')] };
    const answer = planAnswer(planned(dumps, deployment('web', 3), before, only('aws'), priced('idc')));
    expect(answer.placements[0]).toMatchObject({ clusters: [], staying: [stay('idc', 2, 'Deselected', 2)] });
    expect(answer.cost).toMatchObject({ before: '10', after: '10' });
  });
});

describe('what if a cluster is', () => {
  const fleet = () => {
    const made = fleetOfCase({
      clusters: { idc: { dump: [node('i')] }, aws: { dump: [node('a', '1')] } },
      objects: [deployment('web', 4), placement('web', { idc: 4 }), policy()],
    });
    if (!made.ok) throw new Error(made.message);
    return settled(made.value, makePlan(made.value, { nowMs: 0 }));
  };
  const afterLosses = (losses: { lose?: string[]; drain?: string[] }) => {
    const left = withLosses(fleet(), { lose: [], drain: [], ...losses });
    if (!left.ok) throw new Error(left.message);
    return planAnswer(makePlan(left.value, { nowMs: 0 }));
  };

  it('drained: what finds no other place stays there, and the load says so', () => {
    const answer = afterLosses({ drain: ['idc'] });
    expect(answer.placements[0]).toMatchObject({ staying: [stay('idc', 3, 'Drained')], unplaced: 3 });
    expect(answer.load.find((load) => load.cluster === 'idc')?.cpuMilli).toMatchObject({ freeBefore: 8000 - 4000, freeAfter: 8000 - 3000 });
  });

  it('lost: nothing stays there', () => {
    expect(afterLosses({ lose: ['idc'] }).placements[0]).not.toHaveProperty('staying');
  });
});

describe('a scenario', () => {
  it('may expect what stays where', () => {
    const faultsOf = (expected: object): readonly string[] => {
      const read = readScenario({
        clusters: { idc: { nodes: [{ count: 1, cpu: 8, memory: '32Gi' }] } },
        objects: [deployment('web', 2), placement('web', { idc: 2 }), policy()],
        drain: ['idc'],
        expect: { placements: { 'deployment/web': { unplaced: 2 } }, staying: { 'deployment/web': expected } },
      });
      if (!read.ok) throw new Error(read.message);
      const result = runScenario(read.value, { dumps: {}, objects: [] }, { nowMs: 0 });
      return result.ok ? [] : result.faults;
    };
    expect(faultsOf({ idc: 2 })).toEqual([]);
    expect(faultsOf({})).toEqual(['- deployment/web stays: nowhere', '+ deployment/web stays: idc 2']);
  });
});
