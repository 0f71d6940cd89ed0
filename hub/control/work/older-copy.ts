/**
 * @module Notices that the hub's data are an older copy of what it has told: work that it signed is numbered above its journal, or its journal
 * knows nothing of it. The journal then leaves those numbers out before anything else is signed, and operators are told what stays where.
 */
import type { Revision, Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { FleetBus, PublishedWork, UnknownStatus } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import type { EventRecorder } from '../events.ts';
import { keyOfAnswer, keyOfWorkId } from '../kinds.ts';
import { createLeftBehind } from './left-behind.ts';

/** What the notice is made from. */
export type OlderCopyOptions = {
  readonly store: Pick<Store, 'revision' | 'advance' | 'isForeign' | 'get'>;
  readonly env: Pick<RuntimeEnv, 'log' | 'monotonicMs' | 'setTimer'>;
  readonly bus: Pick<FleetBus, 'want' | 'publishedWork'>;
  readonly directory: Pick<Directory, 'get' | 'all'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Head of the journal when it was opened: whatever is above it and was not written since is of the lost time. */
  readonly openedAt: Revision;
};

/** The notice. */
export type OlderCopy = {
  /** Looks at what the broker holds; resolves when nothing of it is above the journal. */
  readonly look: (published: readonly PublishedWork[]) => Promise<void>;
  /** A cluster has work of this number, which this hub has not sent. */
  readonly heard: (cluster: string, seq: number) => void;
  /** A cluster has work that nothing is known of; true where that is of the lost time, as the broker's data are an older copy too. */
  readonly unknown: (unknown: UnknownStatus) => boolean;
  /** The journal is about to leave out revisions: nothing may be signed. */
  readonly isMending: () => boolean;
  readonly stop: () => void;
};

/** Beyond what was told of work, the lost journal gave out numbers to clients and objects: so many are left out besides. */
const spareRevisions = 1_000_000;
/** A cluster may not push the numbers further than this at a time. */
const stepMax = 1_000_000_000;
/** Nor more often than this: once mended, the numbers are far above what any cluster can have. */
const believedEveryMs = 3_600_000;

/** Makes it. */
export const createOlderCopy = ({ store, env, bus, directory, events, openedAt }: OlderCopyOptions): OlderCopy => {
  let mending: Promise<void> | undefined;
  let told: Revision | undefined;
  const believedMs = new Map<string, number>();
  const why = (): string =>
    told === undefined
      ? 'work that was sent to this cluster is not in the journal: the hub runs on an older copy of its data'
      : `the hub's journal ended at revision ${openedAt}, and work of revision ${told} had been sent: the hub runs on an older copy of its data`;
  const left = createLeftBehind({ store, env, directory, events, why });

  /** Notes what the broker holds of the lost time about objects that are not on the hub; the answer is the clusters that have some. */
  const noteAll = (published: readonly PublishedWork[]): readonly string[] =>
    published.flatMap(({ cluster, id, op, seq, revision }) => {
      const key = keyOfWorkId(id);
      if (op !== 'apply' || !store.isForeign(revision ?? seq) || key === undefined || store.get(key) !== undefined) return [];
      left.note(cluster, key);
      return [cluster];
    });
  const mend = async (highest: number, published: () => Promise<readonly PublishedWork[]>): Promise<void> => {
    told = Math.max(told ?? 0, highest);
    await store.advance(Math.max(highest, store.revision()) + spareRevisions, openedAt);
    noteAll(await published());
    env.log.error(`${why()}; its revisions go on above, and what clusters have is sent anew`, { revision: store.revision() });
    const clusters = directory.all().flatMap(({ object }) => object?.metadata.name ?? []);
    for (const name of clusters) bus.want(name, ['status']);
    left.tell(clusters);
  };

  /** Mends by the word of a cluster; false when that cannot be. */
  const believe = (cluster: string, seq: number): boolean => {
    const head = store.revision();
    const beforeMs = believedMs.get(cluster);
    const isOften = mending === undefined && beforeMs !== undefined && env.monotonicMs() - beforeMs < believedEveryMs;
    if (seq - head > stepMax || isOften) {
      env.log.error('a cluster tells of work of a number that cannot be: it is not believed', { cluster, seq, head });
      return false;
    }
    if (mending !== undefined) return true;
    believedMs.set(cluster, env.monotonicMs());
    mending = mend(seq, () => bus.publishedWork())
      .catch((error: unknown) => env.log.error('the journal could not leave out revisions', { error }))
      .finally(() => {
        mending = undefined;
      });
    return true;
  };

  return {
    look: async (published) => {
      const highest = published.reduce((most, { seq, revision }) => Math.max(most, revision ?? seq), 0);
      // Nothing is signed before this look: what bears more than the journal had when it was opened was signed in the lost time.
      if (highest > openedAt)
        await mend(
          published.reduce((most, { seq }) => Math.max(most, seq), highest),
          async () => published,
        );
      // Mended by an earlier run, which had no time to tell.
      else left.tell(noteAll(published));
    },
    heard: (cluster, seq) => {
      if (seq > store.revision()) believe(cluster, seq);
    },
    unknown: ({ item, wasSent }) => {
      const { cluster, seq } = item;
      const isLeftOut = seq <= store.revision() && store.isForeign(seq);
      if (!isLeftOut && (seq <= openedAt || (seq <= store.revision() && wasSent) || !believe(cluster, seq))) return false;
      const key = keyOfAnswer(item);
      if (key === undefined || directory.get(cluster) === undefined) return false;
      left.note(cluster, key);
      left.tell([cluster]);
      return true;
    },
    isMending: () => mending !== undefined,
    stop: left.stop,
  };
};
