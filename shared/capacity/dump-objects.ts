/** @module The objects of a dump: lists opened, duplicates merged, contradictions told. */
import { type Bag, bagOf, isBag, textOf } from '../lib/fields.ts';
import { qualifiedName } from '../lib/listed.ts';
import type { Read } from './dump.ts';

/** One object of a dump. */
export type DumpObject = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** As it is called in messages: `ns/name`, or the name alone. */
  readonly label: string;
  readonly body: Bag;
};

/** Kinds that are read, with the API group that they must be of. */
const kinds: Readonly<Record<string, string>> = {
  Node: '',
  Pod: '',
  Namespace: '',
  ResourceQuota: '',
  LimitRange: '',
  RuntimeClass: 'node.k8s.io',
  NodeResourceTopology: 'topology.node.k8s.io',
  NetworkAttachmentDefinition: 'k8s.cni.cncf.io',
  ResourceSlice: 'resource.k8s.io',
  ResourceClaim: 'resource.k8s.io',
  ResourceClaimTemplate: 'resource.k8s.io',
  DeviceClass: 'resource.k8s.io',
};
const clusterWide = new Set(['Node', 'Namespace', 'RuntimeClass', 'NodeResourceTopology', 'ResourceSlice', 'DeviceClass']);
/** Lists within lists that are opened. */
const depthMax = 4;

type Found = { readonly kind: string; readonly apiVersion: string; readonly body: Bag };

const open = (value: unknown, kind: string, apiVersion: string, depth: number, path: string): Read<Found[]> => {
  if (Array.isArray(value)) return openAll(value, kind, apiVersion, depth, path);
  if (!isBag(value)) return { ok: false, message: `${path}: a Kubernetes object or a list of them is wanted` };
  const own = textOf(value.kind) || kind;
  const version = textOf(value.apiVersion) || apiVersion;
  if (Array.isArray(value.items) && (own === '' || own.endsWith('List'))) {
    // Items of a NodeList as the API gives it do not say their kind.
    return openAll(value.items, own.endsWith('List') ? own.slice(0, -'List'.length) : '', version, depth, `${path}.items`);
  }
  if (own === '') return { ok: false, message: `${path}.kind: say what the object is` };
  return { ok: true, value: [{ kind: own, apiVersion: version, body: value }] };
};

const openAll = (values: readonly unknown[], kind: string, apiVersion: string, depth: number, path: string): Read<Found[]> => {
  if (depth >= depthMax) return { ok: false, message: `${path}: lists are nested more than ${depthMax} deep` };
  const found: Found[] = [];
  for (const [at, value] of values.entries()) {
    const opened = open(value, kind, apiVersion, depth + 1, `${path}[${at}]`);
    if (!opened.ok) return opened;
    found.push(...opened.value);
  }
  return { ok: true, value: found };
};

/** Opens lists, keeps the kinds that bear on capacity, counts an object that is there twice once. */
export const flatten = (inputs: readonly unknown[]): Read<DumpObject[]> => {
  const opened = openAll(inputs, '', '', 0, 'objects');
  if (!opened.ok) return opened;
  const known = new Map<string, Bag>();
  const objects: DumpObject[] = [];
  for (const { kind, apiVersion, body } of opened.value) {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    if (!Object.hasOwn(kinds, kind) || (apiVersion !== '' && kinds[kind] !== group)) continue;
    const metadata = bagOf(body.metadata);
    const name = textOf(metadata.name);
    const namespace = clusterWide.has(kind) ? '' : textOf(metadata.namespace) || 'default';
    if (name === '' && kind !== 'Pod') return { ok: false, message: `${kind} without metadata.name: name it` };
    const object = { kind, namespace, name, label: qualifiedName(namespace, name), body };
    const key = `${kind} ${object.label}`;
    const before = name === '' ? undefined : known.get(key);
    if (before === undefined) {
      known.set(key, body);
      objects.push(object);
    } else if (stableText(lasting(before)) !== stableText(lasting(body))) {
      return { ok: false, message: `${kind} ${object.label} is there twice and differs: keep one of them` };
    }
  }
  return { ok: true, value: objects };
};

/** An object without what changes all the time and says nothing of capacity. */
const lasting = (body: Bag): Bag => {
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = bagOf(body.metadata);
  const { conditions: _conditions, images: _images, ...status } = bagOf(body.status);
  const { apiVersion: _api, kind: _kind, ...rest } = body;
  return { ...rest, metadata, status };
};

const stableText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(stableText).join()}]`;
  if (!isBag(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${stableText(value[key])}`)
    .join()}}`;
};
