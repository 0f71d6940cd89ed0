/** @module Keeps the GPUPool objects in line with what agents report. */

import { type Cluster, doubleCondition, type GpuPool, hanseApiVersion, hanseGroup } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, prefixOf, type Store, type Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import type { Directory } from '../cluster/directory.ts';
import { done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser, newMetadata } from '../objects.ts';
import { type CountedPool, countPools } from './pools.ts';

/** What the loop is built from. */
export type GpuLoopOptions = { readonly store: Store; readonly env: RuntimeEnv; readonly directory: Directory };

/** A running loop. */
export type GpuLoop = {
  /** A report or the prices of some cluster changed, or a cluster left. */
  readonly changed: () => void;
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

/** Where pools are kept. */
export const gpuPoolPrefix = prefixOf(hanseGroup, 'gpupools');

/** Reports come every second from every cluster; people look less often. */
const countEveryMs = 5_000;
const everything = 'all';

/** Starts the loop. */
export const startGpuLoop = ({ store, env, directory }: GpuLoopOptions): GpuLoop => {
  const keyOfPool = (name: string) => keyOf(hanseGroup, 'gpupools', '', name);

  const writeOf = ({ name, spec, status }: CountedPool): Write | undefined => {
    const key = keyOfPool(name);
    const stored = store.get(key);
    const old = stored?.object as unknown as GpuPool | undefined;
    if (stored !== undefined && old !== undefined && sameJson(old.spec, spec) && sameJson(old.status, status)) return undefined;
    const metadata = stored?.object.metadata ?? newMetadata(env, name, '');
    const object: KubeObject = { apiVersion: hanseApiVersion, kind: 'GPUPool', metadata, spec, status };
    return { op: 'put', key, expected: stored?.revision ?? 0, object, by: controlUser };
  };

  const reconcile = async (): Promise<Outcome> => {
    const isCounted = (object: Cluster): boolean =>
      object.metadata.deletionTimestamp === undefined && doubleCondition(object) === undefined;
    const present = directory.all().filter(({ object }) => object !== undefined && isCounted(object));
    const sources = present.flatMap(({ name, report, object }) =>
      report === undefined ? [] : [{ name, report, pricing: object?.spec?.pricing }],
    );
    const silent = new Set(present.filter(({ report }) => report === undefined).map(({ name }) => name));
    const stored = store.list(gpuPoolPrefix);
    const before = stored.map(({ object }) => object as unknown as GpuPool);
    const pools = countPools(
      sources,
      before.flatMap(({ metadata: { name }, spec, status }) => (status === undefined ? [] : [{ name, spec, status }])),
      silent,
    );
    const kept = new Set<string>(pools.map(({ name }) => keyOfPool(name)));
    const gone = stored
      .filter(({ key }) => !kept.has(key))
      .map(({ key, revision, object }): Write => ({ op: 'delete', key, expected: revision, object, by: controlUser }));
    const writes = [...pools.flatMap((pool) => writeOf(pool) ?? []), ...gone];
    return writes.length === 0 ? done : ((await commit(store, writes)) ?? done);
  };

  const controller = startController({ name: 'gpu pools', env, reconcile });
  let nextAtMs = Number.NEGATIVE_INFINITY;
  return {
    changed: () => {
      const nowMs = env.monotonicMs();
      if (nowMs >= nextAtMs) {
        nextAtMs = nowMs + countEveryMs;
        controller.add(everything);
      } else controller.addAfter(everything, nextAtMs - nowMs);
    },
    pending: controller.pending,
    stop: controller.stop,
  };
};
