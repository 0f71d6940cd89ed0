/** @module What the API server must know of a kind to serve it. */
import type { KubeObject } from './object.ts';
import type { StatusCause } from './status-error.ts';

/** A JSON-schema node as OpenAPI v3 has it, with the x-kubernetes-* extensions. `$ref` is `#/components/schemas/NAME`. */
export type OpenApiSchema = { readonly [keyword: string]: unknown };

/** A column of the Table answer (meta/v1 TableColumnDefinition); priority 1 shows with `-o wide`. */
export type TableColumn = {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  readonly priority: number;
};

/** Cells of one object, one a column; ages and durations are computed from `nowMs`. */
export type TableCells = (object: KubeObject, nowMs: number) => (string | number | boolean | null)[];

/** What strategies may know besides the objects. */
export type StrategyContext = {
  readonly nowMs: number;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
};

/**
 * What a kind does beyond its schema. All functions are pure; `prepare*` return a changed copy or the same object, `validate*` return
 * the faults (empty = fine) with `field` paths as kubectl prints them (`spec.replicas`).
 */
export type Strategy = {
  /** Defaults that the schema cannot say; runs after schema defaults, on create and on update. */
  readonly defaults?: (object: KubeObject) => KubeObject;
  readonly prepareForCreate?: (object: KubeObject, context: StrategyContext) => KubeObject;
  readonly prepareForUpdate?: (object: KubeObject, old: KubeObject, context: StrategyContext) => KubeObject;
  /** Whether a change counts a generation; `differs`: something besides metadata and status does. Absent: whatever differs counts. */
  readonly countsChange?: (object: KubeObject, old: KubeObject, differs: boolean) => boolean;
  /** What is wrong with a new object so early that nothing else is told. Absent: nothing. */
  readonly validateFirst?: (object: KubeObject) => StatusCause[];
  readonly validate?: (object: KubeObject) => StatusCause[];
  /** True: the schema is made of the same rules, so that what `validate` says of a place in better words is not said by the schema again. */
  readonly tellsSchema?: boolean;
  /** What is wrong with a change, `validate` among it where a change is held to it. Absent: `validate`. */
  readonly validateUpdate?: (object: KubeObject, old: KubeObject) => StatusCause[];
  /** What is wrong with a change by the subresource `status`. Absent: nothing. */
  readonly validateStatus?: (object: KubeObject, old: KubeObject) => StatusCause[];
  /** Texts for the `Warning` header. */
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => string[];
  /** Seconds an object lingers, marked, after a deletion (pods: until the kubelet is done); `requested` is the client's wish. Absent = 0. */
  readonly graceSeconds?: (object: KubeObject, requested: number | undefined) => number;
  /** A deletion that says nothing of dependents leaves them (kinds that did so before there was garbage collection). */
  readonly orphansDependents?: boolean;
  /** PUT on a missing object creates it. */
  readonly allowCreateOnUpdate?: boolean;
  /** PUT without resourceVersion is allowed (true for most built-in kinds). */
  readonly allowUnconditionalUpdate?: boolean;
};

/** Where `/scale` finds its numbers: dotted paths from the object's root, such as `spec.replicas`. `selector`: path of a LabelSelector or a map or a string. */
export type ScalePaths = { readonly specReplicas: string; readonly statusReplicas: string; readonly selector?: string };

/** A subresource besides status and scale: what discovery says of it. `group` and `version` when its kind lives elsewhere (`policy/v1 Eviction`). */
export type SubresourceType = {
  readonly name: string;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
};

/** One served kind in one version. */
export type ResourceType = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  /** Plural, lower case: the URL segment. */
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Name in the schema set, such as `io.k8s.api.apps.v1.Deployment`. */
  readonly schemaName: string;
  readonly hasStatus: boolean;
  readonly scale?: ScalePaths;
  /** Subresources besides status and scale, for discovery: `namespaces/finalize`, `pods/binding`. */
  readonly subresources?: readonly SubresourceType[];
  /** What is wrong with a name (or, when `prefix`, a generateName); absent = RFC 1123 subdomain. */
  readonly validateName?: (name: string, prefix: boolean) => readonly string[];
  /** True: metadata.generation counts changes of the spec. Absent: true for kinds without strategic merge, else when `prepareForCreate` sets it. */
  readonly tracksGeneration?: boolean;
  /** What each answer warns of, such as `v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice`. */
  readonly deprecation?: string;
  /** True when strategic merge patch is allowed (built-in kinds only). */
  readonly strategicMerge: boolean;
  /** What discovery says of the stored version, where clients know a value; absent: one is made of its name. */
  readonly storageVersionHash?: string;
  /** True: DELETE answers the object as it was; absent: a Status. */
  readonly answersDeleted?: boolean;
  readonly strategy: Strategy;
  readonly columns: readonly TableColumn[];
  readonly cells: TableCells;
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly selectableFields?: (object: KubeObject) => Readonly<Record<string, string>>;
  /**
   * Other versions of the same resource share the storage key; `storageVersion` says which one is stored, and `convert` brings an object
   * of the stored version to this one and back. Absent = this version is the stored one.
   */
  readonly conversion?: {
    readonly storageVersion: string;
    /** Set when the objects are stored under another group, as `events.k8s.io` events are under core. */
    readonly storageGroup?: string;
    /** True: objects of the stored version too are kept in a form of their own, and go out by `fromStorage`. */
    readonly hasOwnForm?: true;
    readonly fromStorage: (object: KubeObject) => KubeObject;
    readonly toStorage: (object: KubeObject) => KubeObject;
  };
};
