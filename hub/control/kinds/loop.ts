/** @module Learns from the agents which kinds their clusters add, keeps what they say, and has the hub serve the sum of it. */
import { hanseGroup } from '../../../shared/api/index.ts';
import { customSchemaName, schemaOfDocument, typeOfDocument } from '../../../shared/kube/custom/index.ts';
import { type KubeObject, parseApiVersion } from '../../../shared/kube/object.ts';
import type { OpenApiSchema, ResourceType } from '../../../shared/kube/resource.ts';
import { sortedJson } from '../../../shared/kube/schema/index.ts';
import { keyOf, partsOf, prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { sha256 } from '../../../shared/node/sha256.ts';
import type { Hello, KindMessage } from '../../../shared/wire/index.ts';
import type { KindBus } from '../../fleet/port.ts';
import { done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser } from '../objects.ts';
import { createDocumentAsker } from './document-asker.ts';
import { openDocumentBook } from './document-book.ts';
import { clusterKey, clusterObject, documentKey, keptClusters } from './kept.ts';
import { type ClusterKind, kindKey, type Merged, mergeKinds } from './merge.ts';

/** Where the kinds go. */
export type KindSink = {
  readonly ownNames: ReadonlySet<string>;
  readonly setMemberKinds: (types: readonly ResourceType[], schemas: ReadonlyMap<string, () => OpenApiSchema>) => number;
};

/** What the loop is built from. */
export type MemberKindsOptions = { readonly store: Store; readonly kinds: KindSink; readonly env: RuntimeEnv };

/** The kinds of the members; those kept from an earlier run are served from the start. */
export type MemberKinds = {
  /** Begins to listen. `onTroubles` is told of a cluster when what {@link MemberKinds.troublesOf} says of it changed. */
  readonly listen: (bus: KindBus, onTroubles: (cluster: string) => void) => void;
  /** What is wrong with the kinds of a cluster, for people. */
  readonly troublesOf: (cluster: string) => readonly string[];
  readonly stop: () => Promise<void>;
};

/** Kinds a cluster may add, bytes of their documents, and kinds in all. */
export const kindsLimits = { perCluster: 1_000, bytesPerCluster: 33_554_432, inAll: 2_000 } as const;
/** Changes that come together make one new set; a member that changes all the time makes one in so long. */
const firstMergeMs = 100;
const mergeEveryMs = 3_000;

const clusterPrefix = prefixOf(hanseGroup, 'clusters');

/** Reads what is kept and serves it. */
export const openMemberKinds = ({ store, kinds, env }: MemberKindsOptions): MemberKinds => {
  const clusters = new Map(keptClusters(store));
  const documents = openDocumentBook(store);
  let over: ReadonlyMap<string, string> = new Map();
  // Objects of a kind that no cluster serves any more still have theirs.
  let before: ReadonlyMap<string, string> = new Map(
    [...documents.known].flatMap(([hash, known]) => (known.ok ? [[kindKey(known.facts), hash] as const] : [])),
  );
  let merged: Merged = { kinds: [], troubles: new Map() };
  let mergedAtMs = Number.NEGATIVE_INFINITY;
  let bus: KindBus | undefined;
  let tellTroubles: (cluster: string) => void = () => undefined;
  const cancels: (() => void)[] = [];

  const fitting = (): ReadonlyMap<string, readonly ClusterKind[]> =>
    new Map([...clusters].map(([cluster, all]) => [cluster, withinLimits(all, documents.bytesOf)]));
  const asker = createDocumentAsker({
    env,
    named: () => new Map([...fitting()].map(([cluster, all]) => [cluster, all.map(({ hash }) => hash)])),
    isKnown: (hash) => documents.known.has(hash),
    ask: (cluster, hashes) => bus?.wantKinds(cluster, hashes),
  });

  const wantedCluster = (name: string): KubeObject | undefined => {
    const known = clusters.get(name);
    return known === undefined || known.length === 0 ? undefined : clusterObject(name, known);
  };
  /** Brings one kept thing to what is known: `c NAME` or `d HASH`. */
  const save = async (key: string): Promise<Outcome> => {
    const name = key.slice(2);
    const isCluster = key.startsWith('c ');
    const at = isCluster ? clusterKey(name) : documentKey(name);
    const problem = await keep(store, at, isCluster ? wantedCluster(name) : documents.wanted(name));
    if (!isCluster && problem === undefined) documents.noteSaved(name);
    return problem ?? done;
  };
  const saver = startController({ name: 'member kinds', env, workers: 4, reconcile: save });

  const merge = (): void => {
    mergedAtMs = env.nowMs();
    const fits = fitting();
    const hasObjects = (group: string, resource: string): boolean => store.count(prefixOf(group, resource)) > 0;
    const next = mergeKinds({ clusters: fits, documents: documents.known, hasObjects, before, kindsMax: kindsLimits.inAll });
    const old = { merged, over };
    merged = next;
    over = new Map([...clusters].flatMap(([cluster, all]) => overText(all.length - (fits.get(cluster)?.length ?? 0), cluster)));
    before = new Map(next.kinds.map(({ key, hash }) => [key, hash]));
    if (!sameJson(next.kinds, old.merged.kinds)) serveKinds();
    forgetUnused(fits);
    for (const cluster of new Set([...old.merged.troubles.keys(), ...next.troubles.keys(), ...old.over.keys(), ...over.keys()]))
      if (!sameJson(old.merged.troubles.get(cluster), next.troubles.get(cluster)) || old.over.get(cluster) !== over.get(cluster))
        tellTroubles(cluster);
  };
  const serveKinds = (): void => {
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
  /** Documents that no cluster names and no object needs. */
  const forgetUnused = (fits: ReadonlyMap<string, readonly ClusterKind[]>): void => {
    const used = new Set([...merged.kinds, ...[...fits.values()].flat()].map(({ hash }) => hash));
    for (const hash of documents.keepOnly(used)) saver.add(`d ${hash}`);
    asker.keepOnly(used);
  };
  let cancelMerge: (() => void) | undefined;
  const mergeSoon = (): void => {
    cancelMerge ??= env.setTimer(Math.max(firstMergeMs, mergedAtMs + mergeEveryMs - env.nowMs()), () => {
      cancelMerge = undefined;
      merge();
    });
  };

  const hearHello = ({ cluster, apis }: Hello): void => {
    if (store.get(keyOf(hanseGroup, 'clusters', '', cluster)) === undefined) return;
    const said = apis.flatMap(({ groupVersion, resource, document }): ClusterKind[] =>
      document === undefined ? [] : [{ ...parseApiVersion(groupVersion), resource, hash: document }],
    );
    if (!sameJson(said, clusters.get(cluster) ?? [])) {
      if (said.length === 0) clusters.delete(cluster);
      else clusters.set(cluster, said);
      saver.add(`c ${cluster}`);
      mergeSoon();
    }
    if (said.some(({ hash }) => !documents.known.has(hash) && asker.askedOf(hash) === undefined)) asker.ask();
  };
  const hearKind = ({ cluster, hash, document }: KindMessage): void => {
    if (documents.known.has(hash)) return;
    const refuse = (reason: string, message: string): void => bus?.refuse({ cluster, subject: 'kind', reason, message });
    if (asker.askedOf(hash) !== cluster) {
      refuse('KindUnwanted', `nobody asked this cluster for the kind document ${hash}`);
      return;
    }
    const text = sortedJson(document);
    if (sha256(text) !== hash) {
      refuse('KindHash', `the kind document is not the one of its hash ${hash}`);
      return;
    }
    const known = documents.learn(hash, text, document);
    if (known.ok) saver.add(`d ${hash}`);
    else refuse('KindRefused', `a kind cannot be served: ${known.message}`);
    mergeSoon();
    asker.answered(hash);
  };
  const leave = (cluster: string): void => {
    if (!clusters.delete(cluster)) return;
    saver.add(`c ${cluster}`);
    mergeSoon();
  };
  const isOfMember = (key: StorageKey): boolean => {
    const { group, resource } = partsOf(key);
    return merged.kinds.some((kind) => kind.key.startsWith(`${group}/`) && kind.key.endsWith(`/${resource}`));
  };

  merge();
  for (const cluster of clusters.keys()) if (store.get(keyOf(hanseGroup, 'clusters', '', cluster)) === undefined) leave(cluster);

  return {
    listen: (kindBus, onTroubles) => {
      bus = kindBus;
      tellTroubles = onTroubles;
      cancels.push(
        kindBus.onHello(({ message }) => hearHello(message)),
        kindBus.onKind(({ message }) => hearKind(message)),
        store.watch('', store.revision(), ({ key, op }) => {
          if (op !== 'delete') return;
          if (key.startsWith(clusterPrefix)) leave(partsOf(key).name);
          // The last object of a kind that is only kept for it takes the kind along.
          else if (isOfMember(key)) mergeSoon();
        }),
      );
    },
    troublesOf: (cluster) => [...(merged.troubles.get(cluster) ?? []), ...[over.get(cluster) ?? []].flat()],
    stop: async () => {
      cancelMerge?.();
      asker.stop();
      for (const cancel of cancels) cancel();
      await saver.stop();
    },
  };
};

/** The first of a cluster's kinds, as many as are taken of it. */
const withinLimits = (all: readonly ClusterKind[], bytesOf: (hash: string) => number): readonly ClusterKind[] => {
  let sum = 0;
  return all.filter(({ hash }, at) => {
    sum += bytesOf(hash);
    return at < kindsLimits.perCluster && sum <= kindsLimits.bytesPerCluster;
  });
};

const overText = (left: number, cluster: string): [string, string][] =>
  left === 0
    ? []
    : [
        [
          cluster,
          `${left} kinds are left out: at most ${kindsLimits.perCluster} kinds of ${kindsLimits.bytesPerCluster} bytes in all are taken of a cluster`,
        ],
      ];

/** Writes what is wanted where it differs from what is kept. */
const keep = async (store: Store, key: StorageKey, wanted: KubeObject | undefined): Promise<Outcome | undefined> => {
  const stored = store.get(key);
  const expected = stored?.revision ?? 0;
  if (wanted === undefined)
    return stored === undefined ? undefined : commit(store, [{ op: 'delete', key, expected, object: stored.object, by: controlUser }]);
  const isSame = stored !== undefined && sameJson([stored.object.kinds, stored.object.text], [wanted.kinds, wanted.text]);
  return isSame ? undefined : commit(store, [{ op: 'put', key, expected, object: wanted, by: controlUser }]);
};
