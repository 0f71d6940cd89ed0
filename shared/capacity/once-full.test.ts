/** @module What refuses one more replica of a full cluster is told before it is full, on reports and on dumps. */
import { describe, expect, it } from 'vitest';
import { readDump } from './dump.ts';
import { flatten } from './dump-objects.ts';
import { createModelRoom, wholeNodesOf } from './model-room.ts';
import { podShapeOf } from './pod-shape.ts';
import { type ClusterRoom, createRoom } from './room.ts';
import { reportOf } from './testing.ts';

/** Cores, Gi of memory, places of pods; `q` limits the namespace to so many pods. */
type World = { readonly nodes: readonly (readonly [cpu: number, memory: number, pods: number, isTainted?: true])[]; readonly q?: number };

const taint = { key: 'own', value: '', effect: 'NoSchedule' } as const;

const onReport = ({ nodes, q }: World): ClusterRoom =>
  createRoom(
    reportOf(
      nodes.map(([cpu, memory, podsFree, isTainted], at) => ({
        name: `n${at}`,
        allocatable: { cpu: cpu * 1_000, memory: memory * 1_024 },
        podsFree,
        taints: isTainted ? [taint] : [],
      })),
      q === undefined ? {} : { quotas: [{ namespace: 'default', name: 'q', free: { pods: q }, scopes: [] }] },
    ),
    [],
  );

const onDump = ({ nodes, q }: World): ClusterRoom => {
  const objects = nodes.map(([cpu, memory, pods, isTainted], at) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `n${at}`, labels: { 'kubernetes.io/hostname': `n${at}` } },
    spec: isTainted ? { taints: [taint] } : {},
    status: { allocatable: { cpu: `${cpu}`, memory: `${memory}Gi`, pods: `${pods}` } },
  }));
  const hard = { pods: `${q}` };
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'default' },
    spec: { hard },
    status: { hard },
  };
  const all = q === undefined ? objects : [...objects, quota];
  const [dump, flat] = [readDump(all), flatten(all)];
  if (!dump.ok || !flat.ok) throw new Error('unreadable');
  return createModelRoom(dump.value.cluster, wholeNodesOf(flat.value));
};

const worlds: readonly (readonly [what: string, world: World, full: Record<string, number>])[] = [
  [
    'what each node runs out of',
    {
      nodes: [
        [4, 64, 110],
        [64, 4, 110],
        [64, 64, 4],
      ],
    },
    { cpu: 1, memory: 1, pods: 1 },
  ],
  [
    'nodes that take none from the start as well',
    {
      nodes: [
        [4, 64, 110],
        [0, 64, 110],
        [4, 64, 110, true],
      ],
    },
    { cpu: 2, taint: 1 },
  ],
  [
    'nothing fits',
    {
      nodes: [
        [0, 64, 110],
        [8, 64, 110, true],
      ],
    },
    { cpu: 1, taint: 1 },
  ],
  [
    'a quota refuses wherever it goes',
    {
      nodes: [
        [4, 64, 110],
        [4, 64, 110],
        [4, 64, 110, true],
      ],
      q: 5,
    },
    { quota: 2, taint: 1 },
  ],
];

describe.each([
  ['a report', onReport],
  ['a dump', onDump],
] as const)('full by %s', (_, roomOf) => {
  it.each(worlds)('%s', (_what, world, full) => {
    const shape = podShapeOf({ containers: [{ resources: { requests: { cpu: '1', memory: '1Gi' } } }] });
    const room = roomOf(world);
    expect(room.refusalsOnceFull?.(shape)).toEqual(full);
    room.assume({ shape, count: room.fit(shape).count });
    expect(room.refusalsOnceFull?.(shape)).toEqual(full);
    expect(room.fit(shape)).toMatchObject({ count: 0, refusals: full });
  });
});
