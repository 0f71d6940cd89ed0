/** @module The hub's API as users reach it, in the small: writes go through the store of the hub that runs, with the metadata an API server keeps. */

import type { KubeObject } from '../../../shared/kube/object.ts';
import { type CommitResult, keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';

/** A kind users write. */
export type HubKind = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
};

const kindOf = (group: string, version: string, resource: string, kind: string, namespaced = true): HubKind => ({
  group,
  version,
  resource,
  kind,
  namespaced,
});

/** Kinds of the model's users. */
export const hubKinds = {
  deployments: kindOf('apps', 'v1', 'deployments', 'Deployment'),
  configMaps: kindOf('', 'v1', 'configmaps', 'ConfigMap'),
  namespaces: kindOf('', 'v1', 'namespaces', 'Namespace', false),
  policies: kindOf('hanse.dev', 'v1alpha1', 'placementpolicies', 'PlacementPolicy'),
  placements: kindOf('hanse.dev', 'v1alpha1', 'placements', 'Placement'),
  clusters: kindOf('hanse.dev', 'v1alpha1', 'clusters', 'Cluster', false),
} as const;

/** What became of a user's write. */
export type Written = { readonly ok: boolean; readonly why: string; readonly revision: number };

/** A user's access to the hub. A write waits for its answer; when the hub dies meanwhile, it never comes. */
export type HubApi = {
  readonly get: (kind: HubKind, name: string) => KubeObject | undefined;
  readonly list: (kind: HubKind) => readonly KubeObject[];
  readonly create: (kind: HubKind, object: KubeObject) => Promise<Written>;
  /** Writes what `change` makes of the object as it is now; the write is conditional on it. */
  readonly update: (kind: HubKind, name: string, change: (object: KubeObject) => KubeObject) => Promise<Written>;
  readonly remove: (kind: HubKind, name: string) => Promise<Written>;
};

/** The namespace everything is in. */
export const namespace = 'shop';

/** Where an object of a kind is kept. */
export const keyFor = (kind: HubKind, name: string): string => keyOf(kind.group, kind.resource, kind.namespaced ? namespace : '', name);

const writtenOf = (result: CommitResult): Written =>
  result.ok ? { ok: true, why: '', revision: result.revisions[0] ?? 0 } : { ok: false, why: result.why, revision: 0 };

/** The API over one incarnation's store. */
export const createHubApi = (store: Store, nowText: () => string, uid: () => string): HubApi => {
  const refused = (why: string): Written => ({ ok: false, why, revision: 0 });
  return {
    get: (kind, name) => store.get(keyFor(kind, name))?.object,
    list: (kind) => store.list(`${kind.group}/${kind.resource}/`).map(({ object }) => object),
    create: async (kind, object) => {
      const metadata = {
        ...object.metadata,
        uid: uid(),
        creationTimestamp: nowText(),
        generation: 1,
        ...(kind.namespaced ? { namespace } : {}),
      };
      return writtenOf(
        await store.commit([{ op: 'put', key: keyFor(kind, object.metadata.name), expected: 0, object: { ...object, metadata } }]),
      );
    },
    update: async (kind, name, change) => {
      const key = keyFor(kind, name);
      const stored = store.get(key);
      if (stored === undefined) return refused('NotFound');
      const changed = change(structuredClone(stored.object));
      const generation = (stored.object.metadata.generation ?? 1) + (sameJson(stored.object.spec, changed.spec) ? 0 : 1);
      const object = { ...changed, metadata: { ...changed.metadata, generation } };
      return writtenOf(await store.commit([{ op: 'put', key, expected: stored.revision, object }]));
    },
    remove: async (kind, name) => {
      const key = keyFor(kind, name);
      const stored = store.get(key);
      if (stored === undefined) return refused('NotFound');
      const { metadata } = stored.object;
      if ((metadata.finalizers ?? []).length === 0) {
        return writtenOf(await store.commit([{ op: 'delete', key, expected: stored.revision, object: stored.object }]));
      }
      if (metadata.deletionTimestamp !== undefined) return refused('AlreadyDeleting');
      const object = { ...stored.object, metadata: { ...metadata, deletionTimestamp: nowText() } };
      return writtenOf(await store.commit([{ op: 'put', key, expected: stored.revision, object }]));
    },
  };
};
