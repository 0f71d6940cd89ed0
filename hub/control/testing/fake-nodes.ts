/** @module Pods of a fake member on its nodes: each where most is free, those that are larger than any node nowhere. */
import { type CapacityReport, podShapeOfObject } from '../../../shared/capacity/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';

/** What a report says of pods. */
export type FakePods = Pick<CapacityReport, 'present' | 'pending'> & {
  /** Milli-CPU left on each node; negative where too many were put there. */
  readonly free: readonly number[];
};

/** Replicas that a fake member's object asks for. */
export const replicasOf = (object: KubeObject | undefined): number => {
  const { replicas, parallelism } = (object?.spec ?? {}) as { replicas?: number; parallelism?: number };
  return replicas ?? parallelism ?? 0;
};

const usualMilli = 1_000;

/** Milli-CPU that a pod of the object asks for. */
export const milliOf = (object: KubeObject): number => new Map(podShapeOfObject(object)?.requests ?? []).get('cpu') ?? usualMilli;

/** True when one of these nodes is as large as a pod of the object. */
export const isHeld = (object: KubeObject, coresOfNodes: readonly number[]): boolean =>
  coresOfNodes.some((cores) => cores * 1_000 >= milliOf(object));

/** Puts the pods of these objects on nodes; none when the member's scheduler is slow. */
export const podsOn = (objects: ReadonlyMap<string, KubeObject>, coresOfNodes: readonly number[], isBinding: boolean): FakePods => {
  const free = coresOfNodes.map((cores) => cores * 1_000);
  const present: Record<string, { bound: number; pending: number }> = {};
  const waiting = new Map<number, number>();
  for (const [id, object] of objects) {
    const replicas = replicasOf(object);
    if (replicas === 0) continue;
    const milli = milliOf(object);
    const isBound = isBinding && isHeld(object, coresOfNodes);
    present[id] = isBound ? { bound: replicas, pending: 0 } : { bound: 0, pending: replicas };
    if (!isBound) waiting.set(milli, (waiting.get(milli) ?? 0) + replicas);
    for (let count = 0; isBound && count < replicas; count++) {
      const emptiest = free.indexOf(Math.max(...free));
      free[emptiest] = (free[emptiest] ?? 0) - milli;
    }
  }
  const pending = [...waiting].map(([cpu, count]) => ({ shapeHash: `cpu-${cpu}`, count, oldestSeconds: 1, requests: { cpu } }));
  return { present, pending, free };
};
