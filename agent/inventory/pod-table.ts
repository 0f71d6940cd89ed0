/** @module Every live pod of the cluster in about a hundred bytes: typed columns, with shapes, nodes and controllers interned. */

import type { PodKind } from '../../shared/capacity/node.ts';
import { bookedAmount, exactPodRequests } from '../../shared/capacity/pod-request.ts';
import { isCondition } from '../../shared/kube/conditions.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type HamiHold, hamiHoldOf } from './hami.ts';
import { createInterner } from './intern.ts';
import { type Controller, controllerOf } from './owner.ts';
import { relatedKindOf } from './related-pod.ts';

/** What a pod books, by resource, sorted by name: milli-CPU, bytes, devices. */
export type PodShape = readonly (readonly [resource: string, amount: number])[];

/** What is kept of a pod. */
export type PodFacts = {
  /** '' = bound to no node. */
  readonly node: string;
  readonly shape: PodShape;
  readonly controller: Controller | undefined;
  readonly terminating: boolean;
  /** Its condition Ready is True. */
  readonly ready: boolean;
  /** Seconds since the epoch. */
  readonly createdSeconds: number;
  /** Undefined for most pods. */
  readonly extra: PodExtra | undefined;
};

/** What few pods have: a kind that others must know of, and what they hold of their node's GPUs where HAMi shares these, with whose that is. */
export type PodExtra = {
  readonly kind: PodKind | undefined;
  readonly gpus: HamiHold | undefined;
  /** '' for pods that name no GPU, which are told from each other by what they ask for only. */
  readonly namespace: string;
};

const extraOf = (pod: KubeObject, shape: PodShape): PodExtra | undefined => {
  const kind = relatedKindOf(pod);
  const gpus = hamiHoldOf(pod.metadata.annotations ?? {}, shape.find(([resource]) => resource === 'nvidia.com/gpu')?.[1] ?? 0);
  const namespace = gpus === undefined || gpus.uses.length === 0 ? '' : (pod.metadata.namespace ?? '');
  return kind === undefined && gpus === undefined ? undefined : { kind, gpus, namespace };
};

/** What is kept of a pod object; undefined once it has ended, as it then holds nothing. */
export const podFactsOf = (pod: KubeObject): PodFacts | undefined => {
  const status = pod.status as { phase?: unknown } | undefined;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined;
  const node = (pod.spec as { nodeName?: unknown } | undefined)?.nodeName;
  const created = Date.parse(pod.metadata.creationTimestamp ?? '');
  const shape = [...exactPodRequests(pod.spec, pod.status)]
    .map(([resource, nanos]) => [resource, bookedAmount(resource, nanos)] as const)
    .filter(([, amount]) => amount > 0)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    node: typeof node === 'string' ? node : '',
    shape,
    controller: controllerOf(pod),
    terminating: pod.metadata.deletionTimestamp !== undefined,
    ready: isCondition(pod, 'Ready'),
    createdSeconds: Number.isNaN(created) ? 0 : Math.floor(created / 1_000),
    extra: extraOf(pod, shape),
  };
};

/** The table. A full reading is marked by `begin` and closed by `finish`, which drops what was not in it. */
export type PodTable = {
  /** True when something other than the same facts was there. */
  readonly put: (key: string, facts: PodFacts) => boolean;
  readonly remove: (key: string) => boolean;
  readonly begin: () => void;
  readonly finish: () => boolean;
  /** True when pods were left out, because there are more than the limit. */
  readonly overflowed: () => boolean;
  readonly size: () => number;
  /** Equal shapes, controllers and extras are the same object. */
  readonly forEach: (visit: (row: PodFacts) => void) => void;
};

/** Pods a cluster may have; those beyond are left out, and the report says so. Kubernetes itself is made for 150,000. */
export const PODS_MAX = 500_000;
const FIRST_ROWS = 256;
const NO_CONTROLLER: Controller = { uid: '', group: '', kind: '', namespace: '', name: '' };

const stateBits = { terminating: 1, ready: 2 } as const;

/** An empty table. */
export const createPodTable = (podsMax: number = PODS_MAX): PodTable => {
  const rows = new Map<string, number>();
  const free: number[] = [];
  const shapes = createInterner<PodShape>();
  const nodes = createInterner<string>();
  const controllers = createInterner<Controller>();
  const extras = createInterner<PodExtra | undefined>();
  let columns = makeColumns(FIRST_ROWS);
  let used = 0;
  let round = 0;
  let overflowed = false;

  const rowFor = (key: string): number => {
    const row = free.pop() ?? used++;
    if (row >= columns.shape.length) columns = grown(columns);
    rows.set(key, row);
    return row;
  };
  const releaseRow = (row: number): void => {
    shapes.release(columns.shape[row] ?? 0);
    nodes.release(columns.node[row] ?? 0);
    controllers.release(columns.controller[row] ?? 0);
    extras.release(columns.extra[row] ?? 0);
  };
  const remove = (key: string): boolean => {
    const row = rows.get(key);
    if (row === undefined) return false;
    releaseRow(row);
    rows.delete(key);
    free.push(row);
    return true;
  };

  return {
    put: (key, facts) => {
      const known = rows.get(key);
      if (known === undefined && rows.size >= podsMax) {
        overflowed = true;
        return true;
      }
      const { controller = NO_CONTROLLER } = facts;
      // The new values are held before the old ones are let go, so that equal ones keep their numbers.
      const shape = shapes.hold(shapeKey(facts.shape), () => facts.shape);
      const node = nodes.hold(facts.node, () => facts.node);
      const owner = controllers.hold(`${controller.uid} ${controller.kind} ${controller.name}`, () => controller);
      const extra = extras.hold(facts.extra === undefined ? '' : JSON.stringify(facts.extra), () => facts.extra);
      const state = (facts.terminating ? stateBits.terminating : 0) + (facts.ready ? stateBits.ready : 0);
      const row = known ?? rowFor(key);
      const same =
        known !== undefined &&
        columns.shape[row] === shape &&
        columns.node[row] === node &&
        columns.controller[row] === owner &&
        columns.extra[row] === extra &&
        columns.state[row] === state;
      if (known !== undefined) releaseRow(row);
      columns.shape[row] = shape;
      columns.node[row] = node;
      columns.controller[row] = owner;
      columns.extra[row] = extra;
      columns.state[row] = state;
      columns.createdSeconds[row] = facts.createdSeconds;
      columns.round[row] = round;
      return !same;
    },
    remove,
    begin: () => {
      round = (round + 1) & 0xff;
      overflowed = false;
    },
    finish: () => {
      const gone = [...rows].filter(([, row]) => columns.round[row] !== round).map(([key]) => key);
      for (const key of gone) remove(key);
      return gone.length > 0;
    },
    overflowed: () => overflowed,
    size: () => rows.size,
    forEach: (visit) => {
      for (const row of rows.values()) {
        const controller = controllers.valueOf(columns.controller[row] ?? 0);
        visit({
          node: nodes.valueOf(columns.node[row] ?? 0),
          shape: shapes.valueOf(columns.shape[row] ?? 0),
          controller: controller === NO_CONTROLLER ? undefined : controller,
          terminating: ((columns.state[row] ?? 0) & stateBits.terminating) > 0,
          ready: ((columns.state[row] ?? 0) & stateBits.ready) > 0,
          createdSeconds: columns.createdSeconds[row] ?? 0,
          extra: extras.valueOf(columns.extra[row] ?? 0),
        });
      }
    },
  };
};

/** A shape as text; equal for equal shapes. */
export const shapeKey = (shape: PodShape): string => shape.map(([resource, amount]) => `${resource}=${amount}`).join(',');

type Columns = {
  readonly node: Uint32Array;
  readonly shape: Uint32Array;
  readonly controller: Uint32Array;
  readonly extra: Uint32Array;
  readonly createdSeconds: Uint32Array;
  /** {@link stateBits}. */
  readonly state: Uint8Array;
  /** The reading a row was last seen in. */
  readonly round: Uint8Array;
};

const makeColumns = (length: number): Columns => ({
  node: new Uint32Array(length),
  shape: new Uint32Array(length),
  controller: new Uint32Array(length),
  extra: new Uint32Array(length),
  createdSeconds: new Uint32Array(length),
  state: new Uint8Array(length),
  round: new Uint8Array(length),
});

const grown = (columns: Columns): Columns => {
  const larger = makeColumns(columns.shape.length * 2);
  larger.node.set(columns.node);
  larger.shape.set(columns.shape);
  larger.controller.set(columns.controller);
  larger.extra.set(columns.extra);
  larger.createdSeconds.set(columns.createdSeconds);
  larger.state.set(columns.state);
  larger.round.set(columns.round);
  return larger;
};
