/** @module Ownership of what plain writes (create, update, patch) change. */
import type { KubeObject, ManagedFieldsEntry } from '../object.ts';
import { type SchemaNode, zeroObject } from '../schema/index.ts';
import { union } from './field-tree.ts';
import { capUpdateManagers, decodeManagers, encodeManagers, identityOf, isReset, type Managers, type Ownership } from './managers.ts';
import { shiftOwnership } from './ownership.ts';
import { reconcileFields } from './reconcile.ts';
import { type ResetRule, stripUnowned, withoutReset } from './strip.ts';
import { inVersion, singleVersion, type Versioned, type Versions } from './versions.ts';

/** How objects of a kind are tracked at one endpoint. */
export type TrackContext = {
  /** The schema of the objects, in the version of the request. */
  readonly node: SchemaNode;
  /** The version of the request; `live` and `next` are in it. */
  readonly apiVersion: string;
  /** '' (default) for the object itself. */
  readonly subresource?: string;
  /** What the endpoint does not write; see `resetRuleOf`. Default: nothing. */
  readonly reset?: ResetRule;
  /** Default: the version of the request is the only one. */
  readonly versions?: Versions;
  /** RFC 3339, whole seconds, UTC. */
  readonly now: string;
};

/** A write that is about to be stored. */
export type TrackInput = TrackContext & {
  /** The stored object; undefined when the write creates. */
  readonly live: KubeObject | undefined;
  /** The object to be stored, with whatever managedFields the writer sent. */
  readonly next: KubeObject;
  /** From `fieldManager`, else the part of the User-Agent before `/`; '' counts as `unknown`. */
  readonly manager: string;
};

/** The object with these managedFields, or without any. */
export const withManagedFields = (object: KubeObject, entries: ManagedFieldsEntry[] | undefined): KubeObject => {
  const { managedFields: _, ...metadata } = object.metadata ?? { name: '' };
  return { ...object, metadata: entries === undefined ? metadata : { ...metadata, managedFields: entries } };
};

/** The manager of a request without `fieldManager`: the User-Agent up to the first `/`, at most 128 characters. */
export const managerOfUserAgent = (userAgent: string): string => (userAgent.split('/', 1)[0] ?? '').slice(0, 128);

/**
 * The object with managedFields that say who owns what after the write. A writer that sends managedFields replaces them (malformed ones are
 * ignored), `[]` or `[{}]` forgets them, and an object without owners stays so until it is applied. When the write changes nothing, owners and
 * times stay as they were.
 */
export const trackUpdate = (input: TrackInput): KubeObject => {
  const { live, next } = input;
  const known = ownersBefore(input);
  if (known.size === 0 && live !== undefined) return withManagedFields(next, undefined);
  const before: Versioned = {
    apiVersion: input.apiVersion,
    node: input.node,
    object: withManagedFields(live ?? emptyLike(input.node, next), undefined),
  };
  const after: Versioned = { ...before, object: withManagedFields(next, undefined) };
  const managers = updateOwners(before, after, known, input);
  return withManagedFields(after.object, encodeManagers(capUpdateManagers(managers)));
};

/** An object of the kind before anything is set, as Go holds it. */
export const emptyLike = (node: SchemaNode, object: KubeObject): KubeObject => ({
  ...zeroObject(node),
  apiVersion: object.apiVersion,
  kind: object.kind,
  metadata: { name: '' },
});

const ownersBefore = ({ live, next, subresource = '' }: TrackInput): Managers => {
  const stored = (): Managers => decodeManagers(live?.metadata.managedFields) ?? new Map();
  if (subresource !== '') return stored();
  const sent: unknown = next.metadata?.managedFields;
  if (isReset(sent)) return new Map();
  const managers = decodeManagers(sent);
  return managers === undefined || managers.size === 0 ? stored() : managers;
};

/** Owners brought in line with the schemas as they are now. */
export const reconcileManagers = (managers: Managers, live: Versioned, versions: Versions): Managers => {
  const out: Managers = new Map();
  for (const [identity, owner] of managers) {
    const node = owner.apiVersion === live.apiVersion ? live.node : inVersion(live, owner.apiVersion, versions)?.node;
    if (node === undefined) continue;
    const fields = reconcileFields(node, owner.fields);
    out.set(identity, fields === owner.fields ? owner : { ...owner, fields });
  }
  return out;
};

/** The owners after a plain write by `context.manager`, uncapped. */
export const updateOwners = (
  before: Versioned,
  after: Versioned,
  known: Managers,
  context: TrackContext & { readonly manager: string },
): Managers => {
  const { apiVersion, reset = 'nothing', versions = singleVersion(apiVersion, context.node) } = context;
  const reconciled = reconcileManagers(known, before, versions);
  const { comparison, managers } = shiftOwnership(before, after, reconciled, '', { versions, reset });
  const set = stripUnowned(withoutReset(union(comparison.modified, comparison.added), reset));
  if (set.size === 0) return managers;
  const writer = {
    manager: context.manager === '' ? 'unknown' : context.manager,
    operation: 'Update' as const,
    apiVersion,
    subresource: context.subresource ?? '',
  };
  const identity = identityOf(writer);
  const previous: Ownership | undefined = managers.get(identity);
  managers.set(identity, { ...writer, time: context.now, fields: previous === undefined ? set : union(set, previous.fields) });
  return managers;
};
