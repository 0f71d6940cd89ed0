/** @module Server-side apply of a configuration to an object. */
import { sameJson } from '../../lib/same-json.ts';
import { type KubeObject, parseApiVersion } from '../object.ts';
import { isObject } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';
import { type Conflict, conflictError, listConflicts } from './conflicts.ts';
import { extractFields } from './extract.ts';
import { hasPath } from './field-tree.ts';
import { fieldsLastApplied, keepLastApplied, kubectlManager } from './last-applied.ts';
import { decodeManagers, encodeManagers, identityOf, type Managers, type Ownership } from './managers.ts';
import { mergeObjects } from './merge.ts';
import { shiftOwnership } from './ownership.ts';
import { pruneGivenUp } from './prune.ts';
import { stripUnowned, withoutReset } from './strip.ts';
import { emptyLike, reconcileManagers, type TrackContext, updateOwners, withManagedFields } from './track.ts';
import { typedFaults, typedFaultsText } from './typed-faults.ts';
import { singleVersion, type Versioned } from './versions.ts';

/** The manager of what was set before an object was first applied. */
export const beforeFirstApply = 'before-first-apply';

/** A configuration to apply. */
export type ApplyInput = TrackContext & {
  /** The stored object in the version of the request; undefined when there is none yet. */
  readonly live: KubeObject | undefined;
  /** What is applied: only what the manager has an opinion on. */
  readonly applied: KubeObject;
  /** The field manager; the server has checked that there is one. */
  readonly manager: string;
  /** Take over fields that others own with other values. */
  readonly force: boolean;
};

/**
 * What came of it. `changed` is false when neither the object nor its owners are other than before: `object` is then `live` itself, and nothing
 * need be written. `object` is not yet defaulted.
 */
export type ApplyResult =
  | { readonly ok: true; readonly object: KubeObject; readonly changed: boolean }
  | { readonly ok: false; readonly error: StatusError; readonly conflicts: readonly Conflict[] };

const refused = (error: StatusError): ApplyResult => ({ ok: false, error, conflicts: [] });

/**
 * Applies a configuration as structured-merge-diff does (KEP-555): lays it over the object, takes away what the manager applied before and not
 * now, refuses to change what others own unless forced, and records the manager's fields. Pure; inputs are not changed.
 *
 * @example
 * const result = applyConfiguration({ live, applied, manager: 'git', force: false, node, apiVersion: 'v1', now: '2026-01-02T03:04:05Z' });
 */
export const applyConfiguration = (input: ApplyInput): ApplyResult => {
  const invalid = refuseConfiguration(input);
  if (invalid !== undefined) return refused(invalid);
  const stored = decodeManagers(input.live?.metadata.managedFields);
  const unmanageable = stored?.size === 0 && input.live !== undefined ? typedFaults(input.node, input.live, true) : [];
  if (unmanageable.length > 0) {
    const why = `failed to convert new object (${configurationName(input.live ?? input.applied)}) to smd typed: ${typedFaultsText(unmanageable)}`;
    return refused(new StatusError(500, '', `failed to create manager for existing fields: ${why}`));
  }
  if (stored === undefined)
    return refused(new StatusError(500, '', 'failed to decode managed fields: the stored object has malformed managedFields'));
  const start = startingPoint(input, stored);
  const outcome = attempt(input, start, input.force);
  if (outcome.ok || input.manager !== kubectlManager) return finish(input, outcome);
  return finish(input, takeOverFromClientSideApply(input, start, outcome));
};

type Start = { readonly live: Versioned; readonly managers: Managers };
type Outcome =
  | { readonly ok: true; readonly object: KubeObject; readonly managers: Managers }
  | { readonly ok: false; readonly conflicts: Conflict[] };

const refuseConfiguration = ({ applied, apiVersion, live, node }: ApplyInput): StatusError | undefined => {
  if (applied.apiVersion !== apiVersion || typeof applied.kind !== 'string' || (live !== undefined && live.kind !== applied.kind)) {
    return invalidObjectType(applied);
  }
  const metadata: unknown = applied.metadata;
  const meta = isObject(metadata) ? metadata : {};
  if (meta['managedFields'] !== undefined && meta['managedFields'] !== null) {
    return new StatusError(400, 'BadRequest', 'metadata.managedFields must be nil');
  }
  const faults = typedFaults(node, applied);
  if (faults.length === 0) return undefined;
  return new StatusError(500, '', `failed to create typed patch object (${configurationName(applied)}): ${typedFaultsText(faults)}`);
};

/** 400 of a configuration of another kind than the one it is applied to. */
export const invalidObjectType = (applied: KubeObject): StatusError =>
  new StatusError(400, 'BadRequest', `invalid object type: ${kindText(applied)}`);

/** `apps/v1, Kind=Deployment`; what is no text counts as empty. */
const kindText = ({ apiVersion, kind }: { readonly apiVersion: unknown; readonly kind: unknown }): string => {
  const { group, version } = parseApiVersion(typeof apiVersion === 'string' ? apiVersion : '');
  return `${group}/${version}, Kind=${typeof kind === 'string' ? kind : ''}`;
};

/** What refusals call a configuration: `default/web; apps/v1, Kind=Deployment`. The namespace is there only when the configuration names it. */
export const configurationName = (applied: KubeObject): string => {
  const metadata: unknown = applied.metadata;
  const { namespace, name } = isObject(metadata) ? metadata : {};
  return `${typeof namespace === 'string' ? namespace : ''}/${typeof name === 'string' ? name : ''}; ${kindText(applied)}`;
};

/** The stored object and its owners; what was there before the first apply is owned by {@link beforeFirstApply}. */
const startingPoint = (input: ApplyInput, stored: Managers): Start => {
  const { node, apiVersion } = input;
  const empty: Versioned = { apiVersion, node, object: emptyLike(node, input.applied) };
  if (input.live === undefined) return { live: { ...empty, object: bareObject(input.applied) }, managers: stored };
  const live: Versioned = { ...empty, object: withManagedFields(input.live, undefined) };
  if (stored.size > 0) return { live, managers: stored };
  return { live, managers: updateOwners(empty, live, stored, { ...input, manager: beforeFirstApply }) };
};

const bareObject = (applied: KubeObject): KubeObject => ({ apiVersion: applied.apiVersion, kind: applied.kind, metadata: { name: '' } });

const attempt = (input: ApplyInput, start: Start, force: boolean): Outcome => {
  const { node, apiVersion, reset = 'nothing', versions = singleVersion(apiVersion, node) } = input;
  const managers = reconcileManagers(start.managers, start.live, versions);
  const writer = { manager: input.manager, operation: 'Apply' as const, apiVersion, subresource: input.subresource ?? '' };
  const identity = identityOf(writer);
  const last = managers.get(identity);
  const fields = withoutReset(extractFields(node, input.applied), reset);
  const current: Ownership = { ...writer, time: last?.time, fields };
  managers.set(identity, current);
  const merged: Versioned = { ...start.live, object: mergeObjects(node, start.live.object, input.applied) as KubeObject };
  const pruned = pruneGivenUp(merged, last, managers, current, versions);
  const shift = shiftOwnership(start.live, pruned.reckoned, managers, identity, { versions, reset });
  if (!force && shift.overlaps.size > 0) return { ok: false, conflicts: listConflicts(shift.overlaps) };
  const kept = stripUnowned(fields);
  const changed = !sameJson(start.live.object, pruned.object);
  if (kept.size === 0) shift.managers.delete(identity);
  else shift.managers.set(identity, { ...current, fields: kept, time: changed ? input.now : last?.time });
  return { ok: true, object: pruned.object, managers: shift.managers };
};

/** kubectl may take over, without force, fields that still have the values its own client-side apply gave them. */
const takeOverFromClientSideApply = (input: ApplyInput, start: Start, outcome: Outcome & { ok: false }): Outcome => {
  const allowed = fieldsLastApplied(input.node, start.live.object, input.apiVersion);
  if (allowed === undefined) return outcome;
  const conflicts = outcome.conflicts.filter(({ path }) => !hasPath(allowed, path));
  return conflicts.length > 0 ? { ok: false, conflicts } : attempt(input, start, true);
};

const finish = (input: ApplyInput, outcome: Outcome): ApplyResult => {
  if (!outcome.ok) return { ok: false, error: conflictError(outcome.conflicts), conflicts: outcome.conflicts };
  const merged = input.manager === kubectlManager ? keepLastApplied(outcome.object, input.applied) : outcome.object;
  const object = withManagedFields(merged, encodeManagers(outcome.managers));
  if (input.live !== undefined && sameJson(input.live, object)) return { ok: true, object: input.live, changed: false };
  return { ok: true, object, changed: true };
};
