/** @module The client port: what loops and agents need of a Kubernetes API. Two drivers (HTTP in the agent, in-process in hub and playground), one contract test. */
import type { GroupVersionResource, KubeObject } from '../object.ts';

/** One object's address; `namespace` is absent for cluster-scoped kinds. */
export type ObjectAddress = GroupVersionResource & { readonly namespace?: string; readonly name: string };

/** What a list or watch covers; `namespace` absent = all. */
export type Collection = GroupVersionResource & {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
};

/** A page of a list. */
export type ObjectList = { readonly items: readonly KubeObject[]; readonly resourceVersion: string; readonly continue?: string };

/** A watch event; ERROR carries a Status and ends the watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR'; readonly object: KubeObject };

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

export type WriteOptions = {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | 'scale' | 'binding' | 'finalize' | 'token';
};
export type DeleteOptions = {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** 0 = at once: how a kubelet ends a pod that lingers. */
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
};

/** All methods reject with a StatusError when the server refuses, and with another Error when it cannot be reached. */
export interface KubeClient {
  /** Undefined when there is none (404 of the object; an unknown resource rejects). */
  get(address: ObjectAddress): Promise<KubeObject | undefined>;
  list(collection: Collection, options?: { limit?: number; continue?: string; resourceVersion?: string }): Promise<ObjectList>;
  create(type: GroupVersionResource, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  /** PUT; metadata.resourceVersion, when set, must still hold. */
  update(type: GroupVersionResource, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(address: ObjectAddress, patchType: PatchType, body: unknown, options?: WriteOptions & { force?: boolean }): Promise<KubeObject>;
  delete(address: ObjectAddress, options?: DeleteOptions): Promise<void>;
  watch(
    collection: Collection,
    options: {
      resourceVersion?: string;
      allowWatchBookmarks?: boolean;
      sendInitialEvents?: boolean;
      timeoutSeconds?: number;
      signal: AbortSignal;
    },
  ): AsyncIterable<WatchEvent>;
}
