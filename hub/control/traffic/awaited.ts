/** @module Clusters that offered a service before this start of the hub: without what they offer their endpoints would be taken for gone. */
import { mcsGroup, type ServiceImport } from '../../../shared/api/index.ts';
import { partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { type ServiceKey, serviceKey } from './answers.ts';
import { isOurs } from './writes.ts';

/** They are waited for this long. */
const reportsWaitMs = 60_000;

/** Who is waited for. */
export type Awaited = {
  /** Those of a service that have not been heard, while they are waited for. */
  readonly of: (service: ServiceKey, members: ReadonlySet<string>) => string[];
  readonly heard: (service: ServiceKey, cluster: string) => void;
};

/** What the store's ServiceImports name as their clusters is waited for from now on. */
export const readAwaited = (store: Store, nowMs: () => number): Awaited => {
  const startedMs = nowMs();
  const awaited = new Map<ServiceKey, Set<string>>();
  for (const { key, object } of store.list(prefixOf(mcsGroup, 'serviceimports'))) {
    if (!isOurs(object)) continue;
    const { namespace, name } = partsOf(key);
    const clusters = (object as unknown as ServiceImport).status?.clusters ?? [];
    awaited.set(serviceKey(namespace, name), new Set(clusters.map(({ cluster }) => cluster)));
  }
  return {
    of: (service, members) =>
      nowMs() - startedMs >= reportsWaitMs
        ? []
        : [...(awaited.get(service) ?? [])].filter((cluster) => members.has(cluster)).sort(compareText),
    heard: (service, cluster) => void awaited.get(service)?.delete(cluster),
  };
};
