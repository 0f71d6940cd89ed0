/** @module What the clusters are to traffic: who takes part, who answers names, what each may be given. */
import { type Cluster, isMember } from '../../../shared/api/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { Directory } from '../cluster/directory.ts';
import { limitOf } from './tables.ts';

const takesPart = (cluster: Cluster | undefined): boolean => cluster !== undefined && isMember(cluster) && cluster.spec.role !== 'Witness';

/** Clusters that offer and import services, by name. */
export const memberNames = (directory: Directory): Set<string> =>
  new Set(
    directory
      .all()
      .filter(({ object }) => takesPart(object))
      .map(({ name }) => name)
      .sort(compareText),
  );

/** Clusters whose agents answer names, and where. */
export const nameServers = (directory: Directory): { readonly cluster: string; readonly addresses: readonly string[] }[] =>
  directory
    .all()
    .flatMap(({ name, hello }) => {
      const addresses = hello?.dnsAddresses ?? [];
      return addresses.length === 0 ? [] : [{ cluster: name, addresses }];
    })
    .sort((a, b) => compareText(a.cluster, b.cluster));

/** The Cluster's labels over those that its agent proposes. */
export const labelsIn =
  (directory: Directory) =>
  (cluster: string): Readonly<Record<string, string>> => {
    const record = directory.get(cluster);
    return { ...record?.hello?.labels, ...record?.object?.metadata.labels };
  };

/** The most that each cluster may be given; one without a limit is absent. */
export const limitsIn = (directory: Directory): Map<string, NonNullable<ReturnType<typeof limitOf>>> =>
  new Map(
    directory.all().flatMap(({ name, object }) => {
      const limit = object === undefined ? undefined : limitOf(object);
      return limit === undefined ? [] : [[name, limit] as const];
    }),
  );
