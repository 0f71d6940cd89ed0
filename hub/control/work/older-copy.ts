/**
 * @module Notices that the hub's data are an older copy of what it has told: work that it signed is numbered above its journal. The journal
 * then leaves those numbers out before anything else is signed, and operators are told.
 */
import { partsOf, type Revision, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { listed, qualifiedName } from '../../../shared/lib/listed.ts';
import type { FleetBus, PublishedWork } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import type { EventRecorder } from '../events.ts';
import { keyOfWorkId } from '../kinds.ts';

/** What the notice is made from. */
export type OlderCopyOptions = {
  readonly store: Pick<Store, 'revision' | 'advance' | 'get'>;
  readonly env: Pick<RuntimeEnv, 'log' | 'nowMs'>;
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
  /** The journal is about to leave out revisions: nothing may be signed. */
  readonly isMending: () => boolean;
};

/** Beyond what was told of work, the lost journal gave out numbers to clients and objects: so many are left out besides. */
const spareRevisions = 1_000_000;
/** A cluster may not push the numbers further than this at a time. */
const stepMax = 1_000_000_000;
/** Nor more often than this: once mended, the numbers are far above what any cluster can have. */
const believedEveryMs = 3_600_000;

/** Objects that are named in an Event; all are in the log. */
const namedMax = 5;
const loggedMax = 1_000;

/** How to find what stays, and what else the lost time took with it. */
const mendText =
  'What it knows is sent anew. What was made since that copy stays in the clusters but is not on the hub: create it again there, or delete it ' +
  'in the clusters; kubectl --kubeconfig MEMBER get all,configmaps,secrets -A -l hanse.dev/managed-by=hanse lists what the hub ever sent. ' +
  'A cluster that joined since that copy ("the token is not known") needs a fresh token: hanse token create';

/** What the broker holds of the lost time about objects that are not on the hub, by cluster, as `RESOURCE NAMESPACE/NAME`. */
const leftBehind = (store: Pick<Store, 'get'>, published: readonly PublishedWork[], openedAt: Revision): ReadonlyMap<string, string[]> => {
  const left = new Map<string, string[]>();
  for (const { cluster, id, op, seq, revision } of published) {
    const key = keyOfWorkId(id);
    if (op !== 'apply' || (revision ?? seq) <= openedAt || key === undefined || store.get(key) !== undefined) continue;
    const { resource, namespace, name } = partsOf(key);
    left.set(cluster, [...(left.get(cluster) ?? []), `${resource} ${qualifiedName(namespace, name)}`]);
  }
  return left;
};

const namedText = (names: readonly string[]): string => (names.length === 0 ? '' : `. Here that is ${listed(names, namedMax)}`);

/** Makes it. */
export const createOlderCopy = ({ store, env, bus, directory, events, openedAt }: OlderCopyOptions): OlderCopy => {
  let mending: Promise<void> | undefined;
  const believedMs = new Map<string, number>();

  const tell = (head: number, told: number, clusters: readonly string[], left: ReadonlyMap<string, string[]>): void => {
    const text = `the hub's journal ended at revision ${head}, and work of revision ${told} had been sent: the hub runs on an older copy of its data`;
    const notOnHub = [...left].flatMap(([cluster, names]) => names.map((name) => `${cluster}: ${name}`)).slice(0, loggedMax);
    const strangers = [...left.keys()].filter((name) => !clusters.includes(name));
    const fields = { clusters, revision: store.revision(), notOnHub, unknownClusters: strangers };
    env.log.error(`${text}; its revisions go on above, and what clusters have is sent anew`, fields);
    for (const name of clusters) {
      const object = directory.get(name)?.object;
      const message = `${text}. ${mendText}${namedText(left.get(name) ?? [])}`;
      if (object !== undefined) events.record(object, { type: 'Warning', reason: 'OlderCopy', message });
      bus.want(name, ['status']);
    }
  };
  const mend = async (told: number, published: () => Promise<readonly PublishedWork[]>): Promise<void> => {
    await store.advance(Math.max(told, store.revision()) + spareRevisions, openedAt);
    tell(
      openedAt,
      told,
      directory
        .all()
        .flatMap(({ object }) => object?.metadata.name ?? [])
        .sort(),
      leftBehind(store, await published(), openedAt),
    );
  };

  return {
    look: async (published) => {
      const told = published.reduce((highest, { seq, revision }) => Math.max(highest, revision ?? seq), 0);
      // Nothing is signed before this look: what bears more than the journal had when it was opened was signed in the lost time.
      if (told > openedAt)
        await mend(
          published.reduce((highest, { seq }) => Math.max(highest, seq), told),
          async () => published,
        );
    },
    heard: (cluster, seq) => {
      const head = store.revision();
      if (mending !== undefined || seq <= head) return;
      const beforeMs = believedMs.get(cluster);
      if (seq - head > stepMax || (beforeMs !== undefined && env.nowMs() - beforeMs < believedEveryMs)) {
        env.log.error('a cluster tells of work of a number that cannot be: it is not believed', { cluster, seq, head });
        return;
      }
      believedMs.set(cluster, env.nowMs());
      mending = mend(seq, () => bus.publishedWork())
        .catch((error: unknown) => env.log.error('the journal could not leave out revisions', { error }))
        .finally(() => {
          mending = undefined;
        });
    },
    isMending: () => mending !== undefined,
  };
};
