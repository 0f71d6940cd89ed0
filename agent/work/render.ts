/** @module The object that is applied for a work item: what the hub wants, without what is not ours to set, with our marks. */
import type { KubeObject, ManagedFieldsEntry } from '../../shared/kube/object.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import { CREATED, FIELD_MANAGER, MANAGED_BY, MANAGED_BY_LABEL, WORK_ID, WORK_SEQ } from './marks.ts';

/** What the apply carries besides the item: the uid it must meet, and whether the object began with us. */
export type RenderOptions = {
  readonly uid?: string;
  readonly created: boolean;
  /** Without replicas: a singleton that must not run here now. */
  readonly stopped?: boolean;
};

/** The body of the apply; `item.object` must be there. */
export const render = (item: WorkItem & { readonly object: KubeObject }, options: RenderOptions): KubeObject => {
  const { metadata, status: _status, ...rest } = structuredClone(item.object);
  const object: KubeObject = {
    ...rest,
    metadata: {
      name: item.ref.name,
      ...(item.ref.namespace === '' ? {} : { namespace: item.ref.namespace }),
      // With a uid the server refuses when another object took the name meanwhile.
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      labels: { ...metadata.labels, [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: {
        ...metadata.annotations,
        [WORK_ID]: item.id,
        [WORK_SEQ]: String(item.seq),
        ...(options.created ? { [CREATED]: 'true' } : {}),
      },
      ...(metadata.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
    },
  };
  for (const path of item.yieldFields ?? []) removePath(object, path.split('.'));
  return options.stopped === true ? { ...object, spec: { ...(object.spec as object), replicas: 0 } } : object;
};

/** A merge patch that takes our marks and our field manager off an object and changes nothing else; refused when it was written meanwhile. */
export const renderRelease = ({ metadata }: KubeObject): unknown => ({
  metadata: {
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    labels: { [MANAGED_BY_LABEL]: null },
    annotations: { [WORK_ID]: null, [WORK_SEQ]: null, [CREATED]: null },
    // An empty list would be taken for "as it was"; one empty entry says that nobody manages it.
    managedFields: othersOf(metadata.managedFields),
  },
});

const othersOf = (entries: readonly ManagedFieldsEntry[] = []): readonly object[] => {
  const others = entries.filter(({ manager }) => manager !== FIELD_MANAGER);
  return others.length === 0 ? [{}] : others;
};

const protectedFields = new Set(['apiVersion', 'kind', 'metadata']);

const removePath = (root: KubeObject, path: readonly string[]): void => {
  if (path.length === 1 && protectedFields.has(path[0] ?? '')) return;
  let at: unknown = root;
  for (const segment of path.slice(0, -1)) at = Object.hasOwn(Object(at), segment) ? (at as Record<string, unknown>)[segment] : undefined;
  const last = path.at(-1) ?? '';
  if (typeof at === 'object' && at !== null && !Array.isArray(at)) delete (at as Record<string, unknown>)[last];
};

/** Why an item cannot be applied as it is; undefined = it can. */
export const faultOf = (item: WorkItem): string | undefined => {
  if (item.op === 'withdraw') return undefined;
  const { object, ref } = item;
  if (object === undefined) return 'the work item has no object';
  if (object.apiVersion !== ref.apiVersion || object.kind !== ref.kind)
    return `the object is a ${object.apiVersion} ${object.kind}, its reference says ${ref.apiVersion} ${ref.kind}`;
  if (object.metadata?.name !== ref.name)
    return `the object's name is ${object.metadata?.name ?? '(none)'}, its reference says ${ref.name}`;
  if ((object.metadata.namespace ?? ref.namespace) !== ref.namespace) return `the object's namespace is not ${ref.namespace}`;
  return undefined;
};
