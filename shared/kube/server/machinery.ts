/** @module What the verbs need of the schema and patch rooms, in one place. */
import { configurationName } from '../apply/index.ts';
import type { KubeObject } from '../object.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch, type PatchResult, unknownPatchFields } from '../patch/index.ts';
import type { ResourceType } from '../resource.ts';
import {
  applyDefaults,
  type ConformReader,
  conform,
  type DefaultStage,
  storedValue,
  unknownFieldText,
  validateBySchema,
} from '../schema/index.ts';
import { type StatusCause, StatusError } from '../status-error.ts';
import { isStorageVersion } from './call.ts';
import type { ServerContext } from './context.ts';

/** What was read as an object of a kind: unknown fields are dropped and told; `fault` is the first wrong type. */
export type Read = { readonly object: KubeObject; readonly unknown: readonly string[]; readonly fault: string | undefined };

/** Reads a value as an object of the kind. */
export const readAs = (server: ServerContext, type: ResourceType, value: KubeObject, by?: ConformReader): Read => {
  const { object, unknown, fault } = conform(server.schemas().node(type.schemaName), value, by);
  const metadata = (object.metadata ?? {}) as KubeObject['metadata'];
  return { object: { ...(object as KubeObject), metadata }, unknown: unknown.map(unknownFieldText), fault };
};

/** The object with the defaults of its schema, then of its kind. */
export const defaulted = (server: ServerContext, type: ResourceType, object: KubeObject, stage: DefaultStage = 'default'): KubeObject => {
  const filled = applyDefaults(server.schemas().node(type.schemaName), object, { stage, functions: server.defaultFunctions });
  return type.strategy.defaults?.(filled) ?? filled;
};

/** The object as it is stored: in the storage version, and in the shape that version has of its own. */
export const storageForm = (server: ServerContext, type: ResourceType, object: KubeObject): KubeObject => {
  const { conversion } = type;
  if (conversion === undefined || isStorageVersion(type)) return storedValue(server.schemas().node(type.schemaName), object);
  const stored = server.registry.get(conversion.storageGroup ?? type.group, conversion.storageVersion, type.resource);
  const converted = conversion.toStorage(object);
  return stored === undefined ? converted : defaulted(server, stored, readAs(server, stored, converted).object);
};

/** What the schema says is wrong with the values. */
export const schemaFaults = (server: ServerContext, type: ResourceType, object: KubeObject): StatusCause[] =>
  validateBySchema(server.schemas().node(type.schemaName), object);

/** The object after a patch of this media type; throws a StatusError when the patch does not fit. */
export const patchedBy = (server: ServerContext, schemaName: string, mediaType: string, patch: unknown, object: KubeObject): unknown => {
  const result = resultOf(server, schemaName, mediaType, patch, object);
  if (!result.ok) throw result.error;
  return result.value;
};

const resultOf = (
  server: ServerContext,
  schemaName: string,
  mediaType: string,
  patch: unknown,
  object: KubeObject,
): PatchResult<unknown> => {
  switch (mediaType) {
    case 'application/json-patch+json':
      return applyJsonPatch(object, patch);
    case 'application/merge-patch+json':
      return applyMergePatch(object, patch);
    default:
      return applyStrategicMergePatch(server.schemas().node(schemaName), object, patch);
  }
};

/** What is unknown in the patch itself, as texts. */
export const patchFaults = (mediaType: string, patch: unknown): readonly string[] =>
  mediaType === 'application/json-patch+json' ? unknownPatchFields(patch) : [];

/**
 * What an apply made of an object, as the kind's types hold it: what appliers make empty is as gone as it would be after a round trip through
 * them. Throws 500, as a real API server does, when it is no object of the kind although each field is of a kind that merges.
 */
export const asConfigured = (server: ServerContext, schemaName: string, applied: KubeObject, merged: KubeObject): KubeObject => {
  const { object, fault } = conform(server.schemas().node(schemaName), merged, 'converter');
  if (fault === undefined) return object as KubeObject;
  const name = configurationName(applied);
  const kind = name.slice(name.indexOf('; ') + 2);
  const why = `unable to convert unstructured object to ${kind}: ${fault}`;
  throw new StatusError(500, '', `failed to convert new object (${name}) to proper version: ${why}`);
};
