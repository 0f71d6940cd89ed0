/** @module Clusters that changed: everything placed or waiting is looked at again; unchanged decisions cost no write. */
import { hanseGroup, storedPlacement } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { prefixOf, type StorageKey, type Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { Directory } from './cluster/directory.ts';
import type { KindCatalog } from './kinds.ts';
import type { PlacementLoop } from './placement/loop.ts';
import { workloadKeyOf } from './routes.ts';
import type { TrafficLoop } from './traffic/loop.ts';
import type { Board } from './work/board.ts';
import { addWork } from './work/listen.ts';
import type { WorkLoop } from './work/loop.ts';

/** Who looks, and what is looked through. */
export type ClusterChangesOptions = {
  readonly store: Pick<Store, 'list'>;
  readonly env: Pick<RuntimeEnv, 'setTimer'>;
  readonly catalog: KindCatalog;
  readonly directory: Pick<Directory, 'has'>;
  readonly board: Pick<Board, 'dropCluster' | 'ids' | 'keyOf'>;
  readonly placement: Pick<PlacementLoop, 'add' | 'recheckRunning'>;
  readonly work: Pick<WorkLoop, 'add'>;
  readonly traffic: Pick<TrafficLoop, 'onCluster'>;
};

/** The changes. */
export type ClusterChanges = {
  /** What placement sees of a cluster changed, or it left. */
  readonly add: (name: string) => void;
  /** Clusters whose change was not looked at yet. */
  readonly pending: () => number;
  readonly stop: () => void;
};

const placementPrefix = prefixOf(hanseGroup, 'placements');

/** Keys of everything placed; what runs or stays in the clusters, or is owed to them, comes first. */
const placedKeys = (
  { store, catalog }: Pick<ClusterChangesOptions, 'store' | 'catalog'>,
  names: ReadonlySet<string>,
): readonly StorageKey[] => {
  const isConcerned = (object: KubeObject): boolean => {
    const { spec, status } = storedPlacement(object);
    return [...(spec?.clusters ?? []), ...(status?.staying ?? []), ...(status?.owed ?? [])].some((entry) => names.has(entry.name));
  };
  const placements = store.list(placementPrefix).map(({ object }) => object);
  const ordered = [...placements.filter(isConcerned), ...placements.filter((object) => !isConcerned(object))];
  return ordered.flatMap((object) => workloadKeyOf(catalog, object) ?? []);
};

/** No cluster has changed. */
export const createClusterChanges = (options: ClusterChangesOptions): ClusterChanges => {
  const { env, directory, board, placement, work, traffic } = options;
  const changed = new Set<string>();
  let cancel: () => void = () => undefined;

  const look = (): void => {
    const names = new Set(changed);
    changed.clear();
    for (const name of names) if (!directory.has(name)) for (const id of board.dropCluster(name)) addWork(work, board, id);
    for (const key of placedKeys(options, names)) {
      placement.add(key);
      work.add(key);
    }
    for (const id of board.ids()) addWork(work, board, id);
    traffic.onCluster();
  };
  return {
    add: (name) => {
      placement.recheckRunning();
      // Changes that come together, as when a provider fails or the hub starts, are looked at together.
      if (changed.size === 0) cancel = env.setTimer(0, look);
      changed.add(name);
    },
    pending: () => changed.size,
    stop: () => cancel(),
  };
};
