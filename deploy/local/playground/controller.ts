/** @module The contract of a playground controller: a pure look at the store gives the writes that are due. */
import type { EventText } from '../../../hub/control/events.ts';
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';

/** Reads of one member's objects. Synchronous; objects must not be changed in place. */
export type View = {
  readonly get: <T extends KubeObject>(type: GroupVersionResource, namespace: string, name: string) => T | undefined;
  /** `namespace` '' = all. Ordered by namespace and name. */
  readonly list: <T extends KubeObject>(type: GroupVersionResource, namespace: string) => readonly T[];
  /** Objects whose controller is `owner`, in the same order. */
  readonly owned: <T extends KubeObject>(type: GroupVersionResource, owner: KubeObject) => readonly T[];
};

/** One due write. Updates carry the resourceVersion that was read, so a stale look is refused and looked at again. */
export type Action =
  | { readonly do: 'create'; readonly type: GroupVersionResource; readonly object: KubeObject }
  | { readonly do: 'update'; readonly type: GroupVersionResource; readonly object: KubeObject; readonly subresource?: 'status' }
  | { readonly do: 'event'; readonly about: KubeObject; readonly event: EventText }
  | { readonly do: 'bind'; readonly namespace: string; readonly pod: string; readonly node: string }
  | {
      readonly do: 'delete';
      readonly type: GroupVersionResource;
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      /** 0 = it has ended; absent = as long as the object says. */
      readonly gracePeriodSeconds?: number;
    };

/** What a pass decided. `ifRefused`: due once the API has refused one of the creates. `requeueAfterMs` looks again by itself. */
export type Pass = { readonly actions: readonly Action[]; readonly ifRefused?: readonly Action[]; readonly requeueAfterMs?: number };

/** One controller: which changes wake which key, and what a key needs. Keys are `namespace/name`. */
export type Controller = {
  readonly name: string;
  readonly watches: readonly {
    readonly type: GroupVersionResource;
    readonly keysOf: (object: KubeObject, view: View) => readonly string[];
  }[];
  readonly reconcile: (view: View, namespace: string, name: string, nowMs: number) => Pass;
};

/** Nothing to do. */
export const settled: Pass = { actions: [] };

/** `namespace/name` of an object. */
export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

/** Keys of the controlling owner of this kind. */
export const ownerKeys =
  (kind: string) =>
  (object: KubeObject): string[] =>
    (object.metadata.ownerReferences ?? [])
      .filter((reference) => reference.controller === true && reference.kind === kind)
      .map((reference) => `${object.metadata.namespace ?? ''}/${reference.name}`);

/** The resources the playground's controllers work with. */
export const resources = {
  nodes: { group: '', version: 'v1', resource: 'nodes' },
  pods: { group: '', version: 'v1', resource: 'pods' },
  services: { group: '', version: 'v1', resource: 'services' },
  claims: { group: '', version: 'v1', resource: 'persistentvolumeclaims' },
  quotas: { group: '', version: 'v1', resource: 'resourcequotas' },
  deployments: { group: 'apps', version: 'v1', resource: 'deployments' },
  replicaSets: { group: 'apps', version: 'v1', resource: 'replicasets' },
  statefulSets: { group: 'apps', version: 'v1', resource: 'statefulsets' },
  daemonSets: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  jobs: { group: 'batch', version: 'v1', resource: 'jobs' },
  cronJobs: { group: 'batch', version: 'v1', resource: 'cronjobs' },
  endpointSlices: { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
  topologies: { group: 'topology.node.k8s.io', version: 'v1alpha2', resource: 'noderesourcetopologies' },
} as const satisfies Record<string, GroupVersionResource>;

/** The status update of `object`, or nothing when it already says so. */
export const statusUpdate = (type: GroupVersionResource, object: KubeObject, status: object): Action[] =>
  JSON.stringify(object.status ?? {}) === JSON.stringify(status)
    ? []
    : [{ do: 'update', type, object: { ...object, status }, subresource: 'status' }];
