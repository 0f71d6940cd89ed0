/** @module The objects of one member cluster, in the small: versions, watches, server-side apply by the shipped machinery. Synchronous. */

import { mcsSchemas } from '../../../shared/api/index.ts';
import { applyConfiguration } from '../../../shared/kube/apply/index.ts';
import { builtinSchemas } from '../../../shared/kube/builtin/data.ts';
import { schemaNameOf } from '../../../shared/kube/builtin/schema-name.ts';
import type { Collection, ObjectAddress, WatchEvent } from '../../../shared/kube/client/port.ts';
import { apiVersionOf, type GroupVersionResource, type KubeObject } from '../../../shared/kube/object.ts';
import { createSchemaSet } from '../../../shared/kube/schema/index.ts';
import { matchesLabels, parseLabelSelector } from '../../../shared/kube/selectors/index.ts';
import { StatusError } from '../../../shared/kube/status-error.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';

/** What a member of the model serves. */
export type Kind = GroupVersionResource & { readonly kind: string; readonly namespaced: boolean; readonly generations: boolean };

const kindOf = (group: string, resource: string, kind: string, namespaced: boolean, generations: boolean, version = 'v1'): Kind => ({
  group,
  version,
  resource,
  kind,
  namespaced,
  generations,
});

/** Every kind of the model. */
export const kinds: readonly Kind[] = [
  kindOf('', 'namespaces', 'Namespace', false, false),
  kindOf('', 'nodes', 'Node', false, false),
  kindOf('', 'pods', 'Pod', true, false),
  kindOf('', 'secrets', 'Secret', true, false),
  kindOf('', 'configmaps', 'ConfigMap', true, false),
  kindOf('', 'serviceaccounts', 'ServiceAccount', true, false),
  kindOf('', 'services', 'Service', true, false),
  kindOf('apps', 'deployments', 'Deployment', true, true),
  kindOf('discovery.k8s.io', 'endpointslices', 'EndpointSlice', true, true),
  kindOf('multicluster.x-k8s.io', 'serviceexports', 'ServiceExport', true, true, 'v1beta1'),
  kindOf('multicluster.x-k8s.io', 'serviceimports', 'ServiceImport', true, true, 'v1beta1'),
];

const kindsByResource = new Map(kinds.map((kind) => [kind.resource, kind]));

/** The kind under this resource. */
export const kindAt = (type: { readonly group: string; readonly resource: string }): Kind => {
  const kind = kindsByResource.get(type.resource);
  if (kind?.group !== type.group) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
  return kind;
};

const schemas = createSchemaSet(...builtinSchemas, { schemas: mcsSchemas });

/** A watch that is open. */
export type Watcher = { readonly collection: Collection; readonly push: (event: WatchEvent) => void };

type Change = { readonly version: number; readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject };

/** One member's objects. All writes throw a StatusError when they are refused. */
export type MemberStore = {
  readonly get: (type: GroupVersionResource, namespace: string | undefined, name: string) => KubeObject | undefined;
  readonly list: (collection: Collection) => KubeObject[];
  readonly version: () => number;
  readonly put: (type: GroupVersionResource, object: KubeObject) => KubeObject;
  readonly create: (type: GroupVersionResource, object: KubeObject) => KubeObject;
  readonly apply: (address: ObjectAddress, object: KubeObject, manager: string, force: boolean) => KubeObject;
  readonly remove: (address: ObjectAddress, preconditions?: { readonly uid?: string; readonly resourceVersion?: string }) => void;
  /** Sends what happened after `from` and then what happens; throws 410 when `from` is too old. The answer ends it. */
  readonly watch: (watcher: Watcher, from: number) => () => void;
  /** Forgets old changes: watches that resume from before must read anew. */
  readonly compact: () => void;
  readonly onChange: (run: (object: KubeObject) => void) => void;
};

const serviceType = { group: '', resource: 'services' };
const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

/** Changes kept for watches. */
const changesMax = 2_000;

/** Which objects belong to the collection. */
const selectorOf = ({ group, resource, namespace, labelSelector }: Collection): ((object: KubeObject) => boolean) => {
  const { kind, version } = kindAt({ group, resource });
  const apiVersion = apiVersionOf(group, version);
  const selector = labelSelector === undefined ? undefined : parseLabelSelector(labelSelector);
  if (selector?.ok === false) throw new StatusError(400, 'BadRequest', 'bad label selector');
  return (object) => {
    if (object.kind !== kind || object.apiVersion !== apiVersion) return false;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
    return selector === undefined || matchesLabels(selector.value, object.metadata.labels ?? {});
  };
};

/** An empty member. `nowText` is its clock, RFC 3339; `uid` makes names for objects. */
export const createMemberStore = (nowText: () => string, uid: () => string): MemberStore => {
  /** By resource, then by namespace and name. */
  const objects = new Map(kinds.map(({ resource }) => [resource, new Map<string, KubeObject>()]));
  const objectsOf = ({ resource }: Kind): Map<string, KubeObject> => objects.get(resource) ?? new Map();
  const watchers = new Map<Watcher, (object: KubeObject) => boolean>();
  const listeners: ((object: KubeObject) => void)[] = [];
  let changes: Change[] = [];
  let floor = 0;
  let version = 0;

  const tell = (type: Change['type'], object: KubeObject): void => {
    changes.push({ version, type, object });
    if (changes.length > changesMax) {
      const dropped = changes.splice(0, changesMax / 2);
      floor = dropped.at(-1)?.version ?? floor;
    }
    for (const [watcher, selects] of watchers) if (selects(object)) watcher.push({ type, object });
    for (const listen of listeners) listen(object);
  };
  /** Every Service gets an address, and keeps it. */
  const addressed = (service: KubeObject, before: KubeObject | undefined): KubeObject => {
    const known = (before?.spec as { clusterIP?: string } | undefined)?.clusterIP;
    const { clusterIP = known ?? `10.96.0.${objectsOf(kindAt(serviceType)).size + 1}` } = service.spec as { clusterIP?: string };
    return { ...service, spec: { ...(service.spec as object), clusterIP, clusterIPs: [clusterIP] } };
  };
  const store = (type: GroupVersionResource, given: KubeObject): KubeObject => {
    const kind = kindAt(type);
    const key = keyOf(given.metadata.namespace, given.metadata.name);
    const before = objectsOf(kind).get(key);
    const object = kind.kind === 'Service' ? addressed(given, before) : given;
    version += 1;
    const specChanged = before === undefined || !sameJson(before.spec, object.spec);
    const generation = kind.generations ? (before?.metadata.generation ?? 0) + (specChanged ? 1 : 0) : undefined;
    const stored: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata.uid ?? uid(),
        creationTimestamp: before?.metadata.creationTimestamp ?? nowText(),
        resourceVersion: String(version),
        ...(generation === undefined ? {} : { generation }),
      },
    };
    objectsOf(kind).set(key, stored);
    tell(before === undefined ? 'ADDED' : 'MODIFIED', stored);
    return stored;
  };
  const find: MemberStore['get'] = (type, namespace, name) => objectsOf(kindAt(type)).get(keyOf(namespace, name));
  const needNamespace = (kind: Kind, namespace: string | undefined): void => {
    if (kind.namespaced && find({ group: '', version: 'v1', resource: 'namespaces' }, undefined, namespace ?? '') === undefined) {
      throw new StatusError(404, 'NotFound', `namespaces "${namespace}" not found`, { name: namespace ?? '', kind: 'namespaces' });
    }
  };

  return {
    get: find,
    version: () => version,
    list: (collection) => [...objectsOf(kindAt(collection)).values()].filter(selectorOf(collection)),
    put: store,
    create: (type, object) => {
      const kind = kindAt(type);
      if (find(kind, object.metadata.namespace, object.metadata.name) !== undefined) {
        throw new StatusError(409, 'AlreadyExists', `${kind.resource} "${object.metadata.name}" already exists`);
      }
      needNamespace(kind, object.metadata.namespace);
      return store(kind, object);
    },
    apply: (address, object, manager, force) => {
      const kind = kindAt(address);
      const live = find(kind, address.namespace, address.name);
      const wanted = object.metadata.uid;
      if (wanted !== undefined && wanted !== live?.metadata.uid) {
        throw new StatusError(
          409,
          'Conflict',
          `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${live?.metadata.uid ?? ''}`,
        );
      }
      const { resourceVersion } = object.metadata;
      if (resourceVersion !== undefined && resourceVersion !== live?.metadata.resourceVersion)
        throw new StatusError(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');
      if (live === undefined) needNamespace(kind, address.namespace);
      const apiVersion = apiVersionOf(kind.group, kind.version);
      const node = schemas.node(schemaNameOf(kind.group, kind.version, kind.kind));
      const result = applyConfiguration({ live, applied: object, manager, force, node, apiVersion, now: nowText() });
      if (!result.ok) throw result.error;
      return result.changed || live === undefined
        ? store(kind, { ...result.object, metadata: { ...result.object.metadata, name: address.name } })
        : live;
    },
    remove: (address, preconditions = {}) => {
      const kind = kindAt(address);
      const live = find(kind, address.namespace, address.name);
      if (live === undefined) {
        throw new StatusError(404, 'NotFound', `${kind.resource} "${address.name}" not found`, { name: address.name, kind: kind.resource });
      }
      if (preconditions.uid !== undefined && preconditions.uid !== live.metadata.uid)
        throw new StatusError(409, 'Conflict', 'Precondition failed: UID');
      if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== live.metadata.resourceVersion)
        throw new StatusError(409, 'Conflict', 'Precondition failed: ResourceVersion');
      objectsOf(kind).delete(keyOf(address.namespace, address.name));
      version += 1;
      tell('DELETED', { ...live, metadata: { ...live.metadata, resourceVersion: String(version) } });
    },
    watch: (watcher, from) => {
      if (from < floor) throw new StatusError(410, 'Expired', `too old resource version: ${from} (${floor})`);
      const selects = selectorOf(watcher.collection);
      for (const change of changes) if (change.version > from && selects(change.object)) watcher.push(change);
      watchers.set(watcher, selects);
      return () => watchers.delete(watcher);
    },
    compact: () => {
      changes = [];
      floor = version;
    },
    onChange: (run) => {
      listeners.push(run);
    },
  };
};
