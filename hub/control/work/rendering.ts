/** @module What each cluster should get of an object: its share as the placement has it, what moves hold back, and the policy's overrides. */
import type { NodeReplicas, StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store, Stored } from '../../../shared/kube/storage/index.ts';
import { type CompiledPolicy, choosableKinds } from '../../../shared/placement/index.ts';
import type { WorkItem } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import { groupKind, type KindCatalog, refOf, typeOfKey, workIdOf } from '../kinds.ts';
import { placementOf } from '../placement/names.ts';
import type { PolicyBook } from '../placement/policies.ts';
import type { Board } from './board.ts';
import type { Move, Moves } from './moving.ts';
import { contentHash, renderFor, type Share } from './render.ts';

/** What one cluster should get. */
export type Wanted = {
  readonly object: KubeObject;
  readonly adopt: WorkItem['adopt'];
  readonly fingerprint: string;
  readonly replicas: number | undefined;
  readonly isSingleton: boolean;
  /** Nodes that some of its pods are to leave first. */
  readonly leaving: readonly NodeReplicas[];
  /** Nodes that are kept for some of its pods. */
  readonly nominated: readonly NodeReplicas[];
};

/** What all clusters should get. */
export type Rendering = {
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** Clusters for which the object cannot be made, and why. */
  readonly faults: ReadonlyMap<string, string>;
  /** Of the newest thing that it was made from. */
  readonly inputRevision: number;
};

/** What renderings are made from. */
export type RenderingSources = {
  readonly store: Store;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly policies: PolicyBook;
  readonly dependencies: DependencyIndex;
  readonly board: Board;
  readonly moves: Pick<Moves, 'fenceOf'>;
};

type Followed = { readonly clusters: ReadonlySet<string>; readonly policy: CompiledPolicy | undefined; readonly revision: number };

/** Where the workloads are that need the object. */
const followedBy = ({ store, policies, dependencies, board }: RenderingSources, key: StorageKey): Followed => {
  const clusters = new Set<string>();
  let policy: CompiledPolicy | undefined;
  let latest = 0;
  for (const workloadKey of [...dependencies.dependents(key)].sort()) {
    const workload = store.get(workloadKey)?.object;
    if (workload === undefined || workload.metadata.deletionTimestamp !== undefined) continue;
    const { placement, revision } = placementOf(store, refOf(workload));
    for (const { name } of placement?.spec.clusters ?? []) clusters.add(name);
    // Where the workload still runs, though it is on its way elsewhere, what it needs stays too.
    for (const [name, { op }] of board.sent(workIdOf(workloadKey))) if (op === 'apply') clusters.add(name);
    policy ??= placement === undefined ? undefined : policies.byId(placement.spec.policy);
    latest = Math.max(latest, revision);
  }
  return { clusters, policy, revision: latest };
};

/** The placement's shares, with what a move keeps where it was and what waits for it. `followed`: clusters that need the object. */
export const sharesOf = (followed: ReadonlySet<string>, placement: StoredPlacement | undefined, move: Move): ReadonlyMap<string, Share> => {
  const shares = new Map<string, Share>([...followed].map((name) => [name, { replicas: undefined }]));
  for (const { name, ...share } of placement?.spec.clusters ?? []) shares.set(name, { replicas: undefined, ...share });
  // A cluster that is drained from now on still has a share, until that is decided anew.
  for (const [name, replicas] of move.stay) {
    const share = shares.get(name);
    shares.set(name, { ...share, replicas: replicas === undefined ? share?.replicas : Math.max(replicas, share?.replicas ?? 0) });
  }
  for (const [name, replicas] of move.keep) {
    const share = shares.get(name);
    if (share?.replicas !== undefined) shares.set(name, { ...share, replicas: Math.max(replicas, share.replicas) });
    // Those that keep all are left as they are: what exactly they were told an earlier run may have known.
    else if (move.tell.has(name)) shares.set(name, { replicas });
  }
  for (const [name, replicas] of move.wait) {
    if (replicas === 0) shares.delete(name);
    else shares.set(name, { ...shares.get(name), replicas });
  }
  for (const name of move.shut) shares.delete(name);
  return shares;
};

/** Renders a stored object under its Placement; `existing` as {@link placementOf} answers it. */
export const rendering = (
  sources: RenderingSources,
  stored: Stored,
  { placement, revision }: Pick<ReturnType<typeof placementOf>, 'placement' | 'revision'>,
  move: Move,
): Rendering => {
  const { catalog, directory, policies, moves } = sources;
  const { object, key } = stored;
  const type = typeOfKey(catalog, key);
  const policy = placement === undefined ? undefined : policies.byId(placement.spec.policy);
  const followed = followedBy(sources, key);
  const adopt = policy?.adopt ?? followed.policy?.adopt ?? 'Never';
  // A new fence asks for the same content once more, under a number above it.
  const marksOf = (name: string, { leaving, nominated }: Pick<Wanted, 'leaving' | 'nominated'>): unknown[] => [
    ...(move.isSingleton ? ['singleton', moves.fenceOf(name)] : []),
    ...(leaving.length === 0 ? [] : ['leaving', JSON.stringify(leaving)]),
    ...(nominated.length === 0 ? [] : ['nominated', JSON.stringify(nominated)]),
  ];
  const isChoosable = choosableKinds.has(groupKind(object));
  const wanted = new Map<string, Wanted>();
  const faults = new Map<string, string>();
  for (const [name, share] of sharesOf(followed.clusters, placement, move)) {
    const rendered = renderFor(object, type, share, policy, directory.view(name)?.labels ?? {});
    if (!rendered.ok) {
      faults.set(name, rendered.message);
      continue;
    }
    const ofNodes = {
      leaving: isChoosable ? (share.leaving ?? []) : [],
      nominated: (share.nominated ?? []).map(({ node, replicas }) => ({ node, replicas })),
    };
    const fingerprint = [adopt, contentHash(rendered.object), ...marksOf(name, ofNodes)].join(' ');
    wanted.set(name, { object: rendered.object, adopt, fingerprint, isSingleton: move.isSingleton, replicas: share.replicas, ...ofNodes });
  }
  const policyRevision = policy === undefined ? 0 : policies.revisionOf(policy.id);
  return { wanted, faults, inputRevision: Math.max(stored.revision, revision, followed.revision, policyRevision) };
};
