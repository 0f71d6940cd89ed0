/** @module What the server itself decides of an object's metadata. */
import type { KubeObject, ObjectMeta } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import type { Call } from './call.ts';
import { badRequest } from './errors.ts';

/** The alphabet of generated suffixes: no vowels, so that no words come out (apimachinery `util/rand`). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** generateName is cut so that the name stays within 63 characters (apiserver `storage/names`). */
const BASE_LENGTH_MAX = 63 - SUFFIX_LENGTH;

/** `base` and five characters of chance. */
export const generatedName = (base: string, random: () => number): string => {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return base.slice(0, BASE_LENGTH_MAX) + suffix;
};

/** The object with the URL's namespace; refuses another one in the body. */
export const inNamespace = (call: Pick<Call, 'type' | 'namespace'>, object: KubeObject): KubeObject => {
  const own = object.metadata.namespace ?? '';
  if (!call.type.namespaced) return own === '' ? withoutNamespace(object) : object;
  if (own !== '' && own !== call.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return own === call.namespace ? object : { ...object, metadata: { ...object.metadata, namespace: call.namespace } };
};

const withoutNamespace = (object: KubeObject): KubeObject => {
  if (object.metadata.namespace === undefined) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};

/** The object; refuses one whose name is not the URL's, or that has none. */
export const withName = (call: Pick<Call, 'name'>, object: KubeObject): KubeObject => {
  const own = object.metadata.name ?? '';
  if (own === '') throw badRequest(`the name of the object (${call.name} based on URL) was undeterminable: name must be provided`);
  if (own !== call.name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${call.name})`);
  return object;
};

/** Metadata that only the server writes, taken out of what a client sent for a create. */
export const clientMetadata = (metadata: ObjectMeta): ObjectMeta => {
  const {
    resourceVersion: _version,
    uid: _uid,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    selfLink: _link,
    ...rest
  } = metadata as ObjectMeta & { selfLink?: string };
  return rest;
};

/** Metadata of an update: what only the server writes stays as it was. */
export const keptMetadata = (next: ObjectMeta, old: ObjectMeta): ObjectMeta => {
  const kept = { ...clientMetadata(next) };
  for (const field of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'resourceVersion',
  ] as const) {
    const value = old[field];
    if (value !== undefined) Object.assign(kept, { [field]: value });
  }
  if ((next.uid ?? '') !== '') kept.uid = next.uid as string;
  return kept;
};

/** True when metadata.generation counts this kind's changes although its strategy does not start it. */
export const countsGeneration = (type: ResourceType): boolean => type.tracksGeneration ?? !type.strategicMerge;

/** Empty maps and lists of metadata are left out, as Go's omitempty does. */
export const tidyMetadata = (metadata: ObjectMeta): ObjectMeta => {
  const tidy: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(metadata)) {
    if (value === null || value === undefined || value === '') continue;
    if (typeof value === 'object' && Object.keys(value).length === 0) continue;
    tidy[field] = value;
  }
  return tidy as ObjectMeta;
};
