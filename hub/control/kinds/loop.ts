/** @module Learns from the agents which kinds their clusters add, keeps what they say, and has the hub serve the sum of it. */
import { hanseGroup } from '../../../shared/api/index.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { KindBus } from '../../fleet/port.ts';
import { createDocumentAsker } from './document-asker.ts';
import { openDocumentBook } from './document-book.ts';
import { keptClusters } from './kept.ts';
import { withinLimits } from './limits.ts';
import { listenToKinds } from './listen.ts';
import type { ClusterKind } from './merge.ts';
import { startKindSaver } from './saver.ts';
import { createServedKindsOfMembers, type KindSink } from './served.ts';

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

/** Changes that come together make one new set; a member that changes all the time makes one in so long. */
const firstMergeMs = 100;
const mergeEveryMs = 3_000;

/** Reads what is kept and serves it. */
export const openMemberKinds = ({ store, kinds, env }: MemberKindsOptions): MemberKinds => {
  const clusters = new Map(keptClusters(store));
  const documents = openDocumentBook(store);
  const served = createServedKindsOfMembers({ store, kinds, env, documents });
  const saver = startKindSaver({ store, env, clusters, documents });
  let mergedAtMs = Number.NEGATIVE_INFINITY;
  let cancelMerge: (() => void) | undefined;
  let bus: KindBus | undefined;
  let tellTroubles: (cluster: string) => void = () => undefined;
  let stopListening = (): void => undefined;

  const exists = (cluster: string): boolean => store.get(keyOf(hanseGroup, 'clusters', '', cluster)) !== undefined;
  const fitting = (): ReadonlyMap<string, readonly ClusterKind[]> =>
    new Map([...clusters].map(([cluster, all]) => [cluster, withinLimits(all, documents.bytesOf)]));
  const asker = createDocumentAsker({
    env,
    named: () => new Map([...fitting()].map(([cluster, all]) => [cluster, all.map(({ hash }) => hash)])),
    isKnown: (hash) => documents.known.has(hash),
    ask: (cluster, hashes) => bus?.wantKinds(cluster, hashes),
  });

  const merge = (): void => {
    mergedAtMs = env.monotonicMs();
    const fits = fitting();
    const troubled = served.merge(clusters, fits);
    // Documents that no cluster names and no object needs are forgotten.
    const used = new Set([...served.kinds(), ...[...fits.values()].flat()].map(({ hash }) => hash));
    for (const hash of documents.keepOnly(used)) saver.document(hash);
    asker.keepOnly(used);
    for (const cluster of troubled) tellTroubles(cluster);
  };
  const mergeSoon = (): void => {
    cancelMerge ??= env.setTimer(Math.max(firstMergeMs, mergedAtMs + mergeEveryMs - env.monotonicMs()), () => {
      cancelMerge = undefined;
      merge();
    });
  };

  const setKinds = (cluster: string, said: readonly ClusterKind[]): void => {
    if (said.length === 0) clusters.delete(cluster);
    else clusters.set(cluster, said);
    saver.cluster(cluster);
    mergeSoon();
  };

  merge();
  for (const cluster of clusters.keys()) if (!exists(cluster)) setKinds(cluster, []);

  return {
    listen: (kindBus, onTroubles) => {
      bus = kindBus;
      tellTroubles = onTroubles;
      stopListening = listenToKinds({ bus, store, clusters, documents, asker, saver, served, exists, setKinds, mergeSoon });
    },
    troublesOf: served.troublesOf,
    stop: async () => {
      cancelMerge?.();
      asker.stop();
      stopListening();
      await saver.stop();
    },
  };
};
