/** @module Overrides that change what a replica asks for, in what fits and where replicas go. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OverrideRule, PolicySpec } from '../api/index.ts';
import { createRoom, plainShape, podShapeOfObject } from '../capacity/index.ts';
import { reportOf } from '../capacity/testing.ts';
import type { KubeObject } from '../kube/object.ts';
import { alteredShapesOf } from './altered-shapes.ts';
import { askKey, isSameEverywhere, shapeIn } from './asking.ts';
import type { ClusterView } from './model.ts';
import { placeAll } from './place-all.ts';
import { asMap, policyOf } from './testing.ts';
import type { Task } from './turn.ts';

const deployment = (cpu: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { template: { spec: { containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu } } }] } } },
});

const cpuIn = (provider: string, cpu: string): OverrideRule => ({
  clusterSelector: { matchLabels: { 'hanse.dev/provider': provider } },
  patch: [{ op: 'replace', path: '/spec/template/spec/containers/0/resources/requests/cpu', value: cpu }],
});

const taskOf = (object: KubeObject, replicas: number, spec: Partial<PolicySpec>, priority = 0): Task => {
  const policy = policyOf(spec);
  const shape = podShapeOfObject(object) ?? plainShape({});
  const altered = alteredShapesOf(object, policy, shape, podShapeOfObject);
  return {
    policy,
    workload: {
      ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: object.metadata.name },
      replicas,
      shape,
      ...(altered === undefined ? {} : { altered }),
      current: new Map(),
      owed: new Map(),
      priority,
    },
  };
};

/** Nodes with so many free milli-CPU each. */
const cluster = (provider: string, nodes: readonly number[]): ClusterView => ({
  name: provider,
  labels: { 'hanse.dev/cluster': provider, 'hanse.dev/provider': provider },
  taints: [],
  served: undefined,
  room: createRoom(reportOf(nodes.map((cpu, at) => ({ name: `n${at}`, allocatable: { cpu }, free: { cpu } }))), []),
});

const placed = (clusters: readonly ClusterView[], tasks: readonly Task[]) =>
  placeAll({ clusters }, tasks, { nowMs: 0 }).decisions.map(({ decision }) => ({
    clusters: asMap(decision.clusters),
    unplaced: decision.unplaced,
  }));

describe('a replica asks for what the overrides of its cluster make of it', () => {
  it('more of a resource: fewer fit there', () => {
    const clusters = [cluster('aws', [4_000]), cluster('onprem', [4_000])];
    const task = taskOf(deployment('1'), 8, { overrides: [cpuIn('aws', '2')] });
    expect(placed(clusters, [task])).toEqual([{ clusters: { aws: 2, onprem: 4 }, unplaced: 2 }]);
  });

  it('less of a resource: more fit there, and what was decided before holds the lesser amount', () => {
    const clusters = [cluster('aws', [2_000])];
    const small = taskOf(deployment('2'), 2, { overrides: [cpuIn('aws', '500m')] }, 1);
    const rest = taskOf(deployment('1'), 2, {});
    expect(placed(clusters, [small, rest])).toEqual([
      { clusters: { aws: 2 }, unplaced: 0 },
      { clusters: { aws: 1 }, unplaced: 1 },
    ]);
  });

  it('nodes of another kind: only those count', () => {
    const labelled: ClusterView = {
      ...cluster('aws', []),
      room: createRoom(
        reportOf([
          { name: 'plain', allocatable: { cpu: 4_000 }, free: { cpu: 4_000 } },
          { name: 'ssd', allocatable: { cpu: 1_000 }, free: { cpu: 1_000 }, labels: { disk: 'ssd' } },
        ]),
        [],
      ),
    };
    const onSsd: OverrideRule = {
      clusterSelector: {},
      patch: [{ op: 'add', path: '/spec/template/spec/nodeSelector', value: { disk: 'ssd' } }],
    };
    expect(placed([labelled], [taskOf(deployment('1'), 5, { overrides: [onSsd] })])).toEqual([{ clusters: { aws: 1 }, unplaced: 4 }]);
  });

  it('rules in order, each on what the one before made', () => {
    const task = taskOf(deployment('1'), 1, { overrides: [cpuIn('aws', '2'), { ...cpuIn('aws', '3'), clusterSelector: {} }] });
    expect([cluster('aws', []), cluster('gcp', [])].map((view) => shapeIn(task, view)?.requests)).toEqual([
      [['cpu', 3_000]],
      [['cpu', 3_000]],
    ]);
  });

  it('a patch that does not fit the object changes nothing: what runs there is as it was', () => {
    const misfit: OverrideRule = { clusterSelector: {}, patch: [{ op: 'remove', path: '/spec/template/spec/nodeSelector' }] };
    const task = taskOf(deployment('1'), 4, { overrides: [misfit] });
    expect(shapeIn(task, cluster('aws', []))?.requests).toEqual([['cpu', 1_000]]);
  });

  it('images, environment and metadata ask for no room: the shape is one everywhere', () => {
    const overrides: OverrideRule[] = [
      { clusterSelector: {}, image: { registry: 'mirror.example' } },
      { clusterSelector: {}, env: [{ name: 'A', value: 'b' }] },
      { clusterSelector: {}, patch: [{ op: 'add', path: '/metadata/labels/cloud', value: 'aws' }] },
    ];
    const task = taskOf(deployment('1'), 1, { overrides });
    expect(isSameEverywhere(task)).toBe(true);
    expect(askKey(task)).toBe(askKey(taskOf(deployment('1'), 1, {})));
  });

  it('requirements of the policy hold with it', () => {
    const task = taskOf(deployment('1'), 1, { overrides: [cpuIn('aws', '2')], requires: { features: ['avx'] } });
    const view: ClusterView = {
      ...cluster('aws', []),
      room: createRoom(
        reportOf([
          { name: 'plain', allocatable: { cpu: 8_000 }, free: { cpu: 8_000 } },
          { name: 'avx', allocatable: { cpu: 3_000 }, free: { cpu: 3_000 }, labels: { 'feature.node.kubernetes.io/avx': 'true' } },
        ]),
        [],
      ),
    };
    expect(placed([view], [{ ...task, workload: { ...task.workload, replicas: 4 } }])).toEqual([{ clusters: { aws: 1 }, unplaced: 3 }]);
  });

  it('whatever the overrides, no node is asked for more than it has', () => {
    const cpus = fc.integer({ min: 1, max: 4 });
    const nodes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.tuple(nodes, nodes),
        fc.array(fc.tuple(cpus, cpus, cpus, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 4 }),
        ([aws, gcp], wishes) => {
          const clusters = [
            cluster(
              'aws',
              aws.map((cpu) => cpu * 1_000),
            ),
            cluster(
              'gcp',
              gcp.map((cpu) => cpu * 1_000),
            ),
          ];
          const tasks = wishes.map(([own, onAws, onGcp, replicas], at) => {
            const object = { ...deployment(String(own)), metadata: { namespace: 'shop', name: `web-${at}` } };
            return taskOf(object, replicas, { overrides: [cpuIn('aws', String(onAws)), cpuIn('gcp', String(onGcp))] });
          });
          const taken = { aws: 0, gcp: 0 };
          placed(clusters, tasks).forEach(({ clusters: counts }, at) => {
            taken.aws += (counts.aws ?? 0) * (wishes[at]?.[1] ?? 0);
            taken.gcp += (counts.gcp ?? 0) * (wishes[at]?.[2] ?? 0);
          });
          const sum = (free: readonly number[]): number => free.reduce((all, cpu) => all + cpu, 0);
          return taken.aws <= sum(aws) && taken.gcp <= sum(gcp);
        },
      ),
    );
  });
});
