/** @module Learns from the agents which kinds their clusters add, keeps what they say, and has the hub serve the sum of it. */
import { createHash } from 'node:crypto';
import { hanseGroup } from '../../../shared/api/index.ts';
import {
  checkKindDocument,
  customSchemaName,
  type KindDocument,
  schemaOfDocument,
  typeOfDocument,
} from '../../../shared/kube/custom/index.ts';
import { type KubeObject, parseApiVersion } from '../../../shared/kube/object.ts';
import type { OpenApiSchema, ResourceType } from '../../../shared/kube/resource.ts';
import { sortedJson } from '../../../shared/kube/schema/index.ts';
import { keyOf, partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { type Hello, type KindMessage, kindsWantedMax } from '../../../shared/wire/index.ts';
import type { KindBus } from '../../fleet/port.ts';
import { done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser, sameJson } from '../objects.ts';
import { clusterKey, clusterObject, documentKey, documentObject, keptClusters, keptHashes, keptText } from './kept.ts';
import { type ClusterKind, type KnownDocument, kindKey, type Merged, mergeKinds } from './merge.ts';

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
/** A document that did not come is asked for again, of another cluster that has it. */
const askEveryMs = 5_000;

const clusterPrefix = prefixOf(hanseGroup, 'clusters');

/** Reads what is kept and serves it. */
export const openMemberKinds = ({ store, kinds, env }: MemberKindsOptions): MemberKinds => {
  const clusters = new Map(keptClusters(store));
  const documents = new Map<string, KnownDocument>();
  const bytes = new Map<string, number>();
  /** Accepted, and not in the store yet. */
  const unsaved = new Map<string, string>();
  const asked = new Map<string, { readonly atMs: number; readonly cluster: string }>();
  let over = new Map<string, string>();
  let before: ReadonlyMap<string, string> = new Map();
  let merged: Merged = { kinds: [], troubles: new Map() };
  let mergedAtMs = Number.NEGATIVE_INFINITY;
  let bus: KindBus | undefined;
  let tellTroubles: (cluster: string) => void = () => undefined;
  const cancels: (() => void)[] = [];

  const learn = (hash: string, text: string, document: unknown): KnownDocument => {
    const checked = checkKindDocument(document);
    const known: KnownDocument = checked.ok ? { ok: true, facts: withoutSchema(checked.document) } : checked;
    documents.set(hash, known);
    bytes.set(hash, text.length);
    return known;
  };
  const textOf = (hash: string): string => unsaved.get(hash) ?? keptText(store, hash) ?? '{}';
  const documentOf = (hash: string): KindDocument | undefined => {
    const checked = checkKindDocument(JSON.parse(textOf(hash)));
    return checked.ok ? checked.document : undefined;
  };
  const hasObjects = (group: string, resource: string): boolean => store.count(prefixOf(group, resource)) > 0;

  /** Kinds of a cluster that are within its limits, in order. */
  const within = (cluster: string): readonly ClusterKind[] => {
    const all = clusters.get(cluster) ?? [];
    let sum = 0;
    const fit = all.filter(({ hash }, at) => {
      sum += bytes.get(hash) ?? 0;
      return at < kindsLimits.perCluster && sum <= kindsLimits.bytesPerCluster;
    });
    if (fit.length < all.length)
      over.set(
        cluster,
        `${all.length - fit.length} kinds are left out: at most ${kindsLimits.perCluster} kinds of ${kindsLimits.bytesPerCluster} bytes in all are taken of a cluster`,
      );
    return fit;
  };

  const saver = startController({ name: 'member kinds', env, workers: 4, reconcile: (key) => save(key) });
  /** Brings one kept thing to what is known: `c NAME` or `d HASH`. */
  const save = async (key: string): Promise<Outcome> => {
    const name = key.slice(2);
    const isCluster = key.startsWith('c ');
    const at = isCluster ? clusterKey(name) : documentKey(name);
    const wanted = isCluster ? wantedCluster(name) : wantedDocument(name);
    const stored = store.get(at);
    const expected = stored?.revision ?? 0;
    let outcome: Outcome | undefined;
    if (wanted === undefined && stored !== undefined)
      outcome = await commit(store, [{ op: 'delete', key: at, expected, object: stored.object, by: controlUser }]);
    else if (wanted !== undefined && (stored === undefined || isChanged(stored.object, wanted)))
      outcome = await commit(store, [{ op: 'put', key: at, expected, object: wanted, by: controlUser }]);
    if (!isCluster && outcome === undefined && store.get(at) !== undefined) unsaved.delete(name);
    return outcome ?? done;
  };
  const wantedCluster = (name: string): KubeObject | undefined => {
    const known = clusters.get(name);
    return known === undefined || known.length === 0 ? undefined : clusterObject(name, known);
  };
  const wantedDocument = (hash: string): KubeObject | undefined => {
    if (documents.get(hash)?.ok !== true) return undefined;
    const text = unsaved.get(hash) ?? keptText(store, hash);
    return text === undefined ? undefined : documentObject(hash, text);
  };

  const merge = (): void => {
    mergedAtMs = env.nowMs();
    over = new Map();
    const fitting = new Map([...clusters.keys()].map((cluster) => [cluster, within(cluster)]));
    const next = mergeKinds({ clusters: fitting, documents, hasObjects, before, kindsMax: kindsLimits.inAll });
    const troubled = new Set([...merged.troubles.keys(), ...next.troubles.keys(), ...over.keys()]);
    const isSame = sameJson(next.kinds, merged.kinds);
    const old = merged;
    merged = next;
    before = new Map(next.kinds.map(({ key, hash }) => [key, hash]));
    if (!isSame) serveKinds(next);
    forgetUnused(fitting);
    for (const cluster of troubled)
      if (!sameJson(old.troubles.get(cluster), next.troubles.get(cluster)) || over.has(cluster)) tellTroubles(cluster);
  };
  const serveKinds = (next: Merged): void => {
    const types: ResourceType[] = [];
    const schemas = new Map<string, () => OpenApiSchema>();
    for (const { hash, storageVersion } of next.kinds) {
      const known = documents.get(hash);
      if (known?.ok !== true) continue;
      const { group, version, kind } = known.facts;
      types.push(typeOfDocument(known.facts, storageVersion, kinds.ownNames));
      schemas.set(customSchemaName(group, version, kind), () => schemaOfDocument(documentOf(hash) ?? known.facts));
    }
    kinds.setMemberKinds(types, schemas);
    env.log.info('kinds of members are served', { kinds: types.length });
  };
  /** Documents that no cluster names and no object needs. */
  const forgetUnused = (fitting: ReadonlyMap<string, readonly ClusterKind[]>): void => {
    const used = new Set([...merged.kinds.map(({ hash }) => hash), ...[...fitting.values()].flatMap((all) => all.map(({ hash }) => hash))]);
    for (const hash of [...documents.keys()]) {
      if (used.has(hash)) continue;
      documents.delete(hash);
      bytes.delete(hash);
      unsaved.delete(hash);
      saver.add(`d ${hash}`);
    }
    for (const hash of [...asked.keys()]) if (!used.has(hash)) asked.delete(hash);
  };

  let cancelMerge: (() => void) | undefined;
  const mergeSoon = (): void => {
    cancelMerge ??= env.setTimer(Math.max(firstMergeMs, mergedAtMs + mergeEveryMs - env.nowMs()), () => {
      cancelMerge = undefined;
      merge();
    });
  };
  let cancelAsk: (() => void) | undefined;
  /** Asks one cluster for each document that is missing, another one when it did not answer, until none is missing. */
  const ask = (): void => {
    cancelAsk = undefined;
    const wanted = new Map<string, string[]>();
    let isMissing = false;
    const taken = new Set<string>();
    for (const cluster of rotated([...clusters.keys()], asked)) {
      for (const { hash } of within(cluster)) {
        if (documents.has(hash) || taken.has(hash)) continue;
        isMissing = true;
        const last = asked.get(hash);
        if (last !== undefined && env.nowMs() - last.atMs < askEveryMs) continue;
        const list = wanted.get(cluster) ?? [];
        if (list.length >= kindsWantedMax) continue;
        wanted.set(cluster, [...list, hash]);
        taken.add(hash);
      }
    }
    for (const [cluster, hashes] of wanted) {
      for (const hash of hashes) asked.set(hash, { atMs: env.nowMs(), cluster });
      bus?.wantKinds(cluster, hashes);
    }
    if (isMissing) cancelAsk = env.setTimer(askEveryMs, ask);
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
    if (said.some(({ hash }) => !documents.has(hash) && !asked.has(hash))) {
      cancelAsk?.();
      ask();
    }
  };
  const hearKind = ({ cluster, hash, document }: KindMessage): void => {
    if (documents.has(hash)) return;
    const text = asked.has(hash) ? sortedJson(document) : '';
    const fault = faultOf(cluster, hash, text);
    if (fault !== undefined) {
      bus?.refuse({ cluster, subject: 'kind', ...fault });
      return;
    }
    asked.delete(hash);
    const known = learn(hash, text, document);
    if (known.ok) {
      unsaved.set(hash, text);
      saver.add(`d ${hash}`);
    } else bus?.refuse({ cluster, subject: 'kind', reason: 'KindRefused', message: `a kind cannot be served: ${known.message}` });
    mergeSoon();
    if (asked.size === 0) {
      cancelAsk?.();
      ask();
    }
  };
  const faultOf = (cluster: string, hash: string, text: string): { reason: string; message: string } | undefined => {
    if (asked.get(hash)?.cluster !== cluster)
      return { reason: 'KindUnwanted', message: `nobody asked this cluster for the kind document ${hash}` };
    if (createHash('sha256').update(text).digest('hex') !== hash)
      return { reason: 'KindHash', message: `the kind document is not the one of its hash ${hash}` };
    return undefined;
  };
  const leave = (cluster: string): void => {
    if (!clusters.delete(cluster)) return;
    saver.add(`c ${cluster}`);
    mergeSoon();
  };

  for (const hash of keptHashes(store)) {
    const text = textOf(hash);
    learn(hash, text, JSON.parse(text));
  }
  // Objects of a kind that no cluster serves any more still have theirs.
  before = new Map([...documents].flatMap(([hash, known]) => (known.ok ? [[kindKey(known.facts), hash] as const] : [])));
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
    troublesOf: (cluster) => [...(merged.troubles.get(cluster) ?? []), ...(over.has(cluster) ? [over.get(cluster) ?? ''] : [])],
    stop: async () => {
      cancelMerge?.();
      cancelAsk?.();
      for (const cancel of cancels) cancel();
      await saver.stop();
    },
  };

  function isOfMember(key: string): boolean {
    const { group, resource } = partsOf(key);
    return merged.kinds.some((kind) => kind.key.startsWith(`${group}/`) && kind.key.endsWith(`/${resource}`));
  }
};

const withoutSchema = ({ schema: _, ...facts }: KindDocument): Omit<KindDocument, 'schema'> => facts;

const isChanged = (stored: KubeObject, wanted: KubeObject): boolean => !sameJson([stored.kinds, stored.text], [wanted.kinds, wanted.text]);

/** Clusters that were asked and did not answer come last. */
const rotated = (clusters: readonly string[], asked: ReadonlyMap<string, { readonly cluster: string }>): readonly string[] => {
  const silent = new Set([...asked.values()].map(({ cluster }) => cluster));
  return clusters.toSorted((a, b) => Number(silent.has(a)) - Number(silent.has(b)) || (a < b ? -1 : 1));
};
