/** @module What the lost time of an older copy left in clusters: gathered from broker and agents, and told with the way to find it. */
import { partsOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { listed, qualifiedName } from '../../../shared/lib/listed.ts';
import { workItemsMax } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { EventRecorder } from '../events.ts';

/** Objects that are named in an Event; all are in the log. */
const namedMax = 5;
/** Resources that a command lists one by one; beyond it, and where none is known, it asks the member for all. */
const resourcesMax = 10;

/** `RESOURCE NAMESPACE/NAME`. */
const nameOf = (key: StorageKey): string => {
  const { resource, namespace, name } = partsOf(key);
  return `${resource} ${qualifiedName(namespace, name)}`;
};

const resourceOf = (key: StorageKey): string => {
  const { group, resource } = partsOf(key);
  return group === '' ? resource : `${resource}.${group}`;
};

/** The command that finds what is left in a member: by the resources of what is left there. */
const listCommand = (left: readonly StorageKey[]): string => {
  const resources = [...new Set(left.map(resourceOf))].sort();
  const isListed = resources.length > 0 && resources.length <= resourcesMax;
  const kubectl = 'kubectl --kubeconfig MEMBER';
  const which = isListed ? resources.join(',') : `"$(${kubectl} api-resources --verbs=list -o name | paste -sd, -)"`;
  return `${kubectl} get ${which} -A -l hanse.dev/managed-by=hanse lists what the hub ever sent${isListed ? ' of these kinds' : ''}`;
};

/** How to find what stays in a cluster, what else the lost time took with it, and what is known to be left. */
export const leftBehindText = (left: readonly StorageKey[]): string =>
  'What it knows is sent anew. What was made since that copy stays in the clusters but is not on the hub: create it again there, or delete it ' +
  `in the clusters; ${listCommand(left)}. ` +
  'A cluster that joined since that copy ("the token is not known") needs a fresh token: hanse token create' +
  (left.length === 0 ? '' : `. Here that is ${listed(left.map(nameOf), namedMax)}`);

export type LeftBehindOptions = {
  readonly store: Pick<Store, 'get'>;
  readonly env: Pick<RuntimeEnv, 'log' | 'setTimer'>;
  readonly directory: Pick<Directory, 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** How it is known, as a sentence without its end. */
  readonly why: () => string;
};

/** What was told so far. */
export type LeftBehind = {
  /** A cluster has this of the lost time. */
  readonly note: (cluster: string, key: StorageKey) => void;
  /** Says so on these Clusters, in a moment. */
  readonly tell: (clusters: readonly string[]) => void;
  readonly stop: () => void;
};

/** Clusters come back one after the other and tell object by object: what they tell in this time is told in one Event. */
const gatherMs = 5_000;
/** Objects in a line of the log. */
const loggedMax = 1_000;

/** Kinds of a group, workloads among them, before those of the core, which mostly belong to them. */
const byWeight = (a: StorageKey, b: StorageKey): number => Number(a.startsWith('/')) - Number(b.startsWith('/')) || compareText(a, b);

/** Nothing is left. A cluster can have no more than {@link workItemsMax} objects: what is told beyond that is not remembered. */
export const createLeftBehind = ({ store, env, directory, events, why }: LeftBehindOptions): LeftBehind => {
  const left = new Map<string, Set<StorageKey>>();
  const untold = new Set<string>();
  let cancel: () => void = () => undefined;
  /** What was made again meanwhile is not left. */
  const leftIn = (cluster: string): readonly StorageKey[] =>
    [...(left.get(cluster) ?? [])].filter((key) => store.get(key) === undefined).sort(byWeight);
  const tellNow = (): void => {
    const clusters = [...untold].filter((name) => directory.get(name) !== undefined).sort();
    untold.clear();
    const unknownClusters = [...left.keys()].filter((name) => directory.get(name) === undefined);
    const notOnHub = [...clusters, ...unknownClusters]
      .flatMap((cluster) => leftIn(cluster).map((key) => `${cluster}: ${nameOf(key)}`))
      .slice(0, loggedMax);
    env.log.error(`${why()}; what was made since stays in the clusters`, { clusters, notOnHub, unknownClusters });
    for (const name of clusters) {
      const object = directory.get(name)?.object;
      const message = `${why()}. ${leftBehindText(leftIn(name))}`;
      if (object !== undefined) events.record(object, { type: 'Warning', reason: 'OlderCopy', message });
    }
  };
  return {
    note: (cluster, key) => {
      const keys = left.get(cluster) ?? new Set();
      left.set(cluster, keys);
      if (keys.size < workItemsMax) keys.add(key);
    },
    tell: (clusters) => {
      if (untold.size === 0 && clusters.length > 0) cancel = env.setTimer(gatherMs, tellNow);
      for (const cluster of clusters) untold.add(cluster);
    },
    stop: () => cancel(),
  };
};
