/** @module The kinds of members that the hub serves now, and what is wrong with those of a cluster. */
import { customSchemaName, schemaOfDocument, typeOfDocument } from '../../../shared/kube/custom/index.ts';
import type { OpenApiSchema, ResourceType } from '../../../shared/kube/resource.ts';
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import type { DocumentBook } from './document-book.ts';
import { kindsLimits, overText } from './limits.ts';
import { type ClusterKind, kindKey, type Merged, type MergedKind, mergeKinds } from './merge.ts';

/** Where the kinds go. */
export type KindSink = {
  readonly ownNames: ReadonlySet<string>;
  readonly setMemberKinds: (types: readonly ResourceType[], schemas: ReadonlyMap<string, () => OpenApiSchema>) => number;
};

/** What they are served from. */
export type ServedSources = {
  readonly store: Pick<Store, 'count'>;
  readonly kinds: KindSink;
  readonly env: Pick<RuntimeEnv, 'log'>;
  readonly documents: Pick<DocumentBook, 'known' | 'whole'>;
};

type KindsByCluster = ReadonlyMap<string, readonly ClusterKind[]>;

/** What is served. */
export type ServedKindsOfMembers = {
  /** Serves what these come to: what clusters name, and what of it is taken. Answers the clusters of which it has other troubles now. */
  readonly merge: (clusters: KindsByCluster, fits: KindsByCluster) => readonly string[];
  readonly kinds: () => readonly MergedKind[];
  /** True when a kind of the resource is served. */
  readonly has: (group: string, resource: string) => boolean;
  /** What is wrong with the kinds of a cluster, for people. */
  readonly troublesOf: (cluster: string) => readonly string[];
};

/** Serves nothing yet. */
export const createServedKindsOfMembers = ({ store, kinds, env, documents }: ServedSources): ServedKindsOfMembers => {
  // Objects of a kind that no cluster serves any more still have theirs.
  let before: ReadonlyMap<string, string> = new Map(
    [...documents.known].flatMap(([hash, known]) => (known.ok ? [[kindKey(known.facts), hash] as const] : [])),
  );
  let merged: Merged = { kinds: [], troubles: new Map() };
  let over: ReadonlyMap<string, string> = new Map();

  const serve = (): void => {
    const types: ResourceType[] = [];
    const schemas = new Map<string, () => OpenApiSchema>();
    for (const { hash, storageVersion } of merged.kinds) {
      const known = documents.known.get(hash);
      if (known?.ok !== true) continue;
      const { group, version, kind } = known.facts;
      types.push(typeOfDocument(known.facts, storageVersion, kinds.ownNames));
      schemas.set(customSchemaName(group, version, kind), () => schemaOfDocument(documents.whole(hash) ?? known.facts));
    }
    kinds.setMemberKinds(types, schemas);
    env.log.info('kinds of members are served', { kinds: types.length });
  };
  return {
    merge: (clusters, fits) => {
      const hasObjects = (group: string, resource: string): boolean => store.count(prefixOf(group, resource)) > 0;
      const old = { merged, over };
      merged = mergeKinds({ clusters: fits, documents: documents.known, hasObjects, before, kindsMax: kindsLimits.inAll });
      over = overOf(clusters, fits);
      before = new Map(merged.kinds.map(({ key, hash }) => [key, hash]));
      if (!sameJson(merged.kinds, old.merged.kinds)) serve();
      const named = new Set([...old.merged.troubles.keys(), ...merged.troubles.keys(), ...old.over.keys(), ...over.keys()]);
      return [...named].filter(
        (cluster) =>
          !sameJson(old.merged.troubles.get(cluster), merged.troubles.get(cluster)) || old.over.get(cluster) !== over.get(cluster),
      );
    },
    kinds: () => merged.kinds,
    has: (group, resource) => merged.kinds.some(({ key }) => key.startsWith(`${group}/`) && key.endsWith(`/${resource}`)),
    troublesOf: (cluster) => [...(merged.troubles.get(cluster) ?? []), ...[over.get(cluster) ?? []].flat()],
  };
};

/** What is told of clusters that name more than is taken of them. */
const overOf = (clusters: KindsByCluster, fits: KindsByCluster): ReadonlyMap<string, string> =>
  new Map(
    [...clusters].flatMap(([cluster, all]) => {
      const text = overText(all.length - (fits.get(cluster)?.length ?? 0));
      return text === undefined ? [] : [[cluster, text] as const];
    }),
  );
