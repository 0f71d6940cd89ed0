/** @module One call on a resource, the same whether it came over HTTP or from a loop in this process. */

import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { keyOf, prefixOf, type StorageKey } from '../storage/index.ts';
import type { UserInfo } from './options.ts';

/** A call after its path is read, its user known and allowed. */
export type Call = {
  readonly user: UserInfo;
  readonly userAgent: string;
  readonly type: ResourceType;
  /** '' for cluster-scoped kinds and for all namespaces. */
  readonly namespace: string;
  /** '' on collections. */
  readonly name: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
  /** Adds a text to the `Warning` headers. */
  readonly warn: (text: string) => void;
};

/** A request body: bytes with their media type, or a value that is in memory already. */
export type Body =
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'value'; readonly contentType: string; readonly value: unknown };

/** Nothing was sent. */
export const EMPTY_BODY: Body = { kind: 'bytes', contentType: '', bytes: new Uint8Array() };

/** Where the call's object lives. */
export const keyFor = (type: ResourceType, namespace: string, name: string): StorageKey =>
  keyOf(type.conversion?.storageGroup ?? type.group, type.resource, type.namespaced ? namespace : '', name);

/** Where the call's collection lives. */
export const prefixFor = (type: ResourceType, namespace: string): string =>
  prefixOf(type.conversion?.storageGroup ?? type.group, type.resource, type.namespaced ? namespace : '');

/** A stored object in the version of `type`. */
export const fromStorage = (type: ResourceType, object: KubeObject): KubeObject => type.conversion?.fromStorage(object) ?? object;

/** An object of the version of `type` as it is stored. */
export const toStorage = (type: ResourceType, object: KubeObject): KubeObject => type.conversion?.toStorage(object) ?? object;

/** True when objects are stored in this version. */
export const isStorageVersion = (type: ResourceType): boolean =>
  type.conversion === undefined ||
  (type.conversion.storageVersion === type.version && (type.conversion.storageGroup ?? type.group) === type.group);

/** True when stored objects go out as they are, so that their text can be used. */
export const goesOutAsStored = (type: ResourceType): boolean => isStorageVersion(type) && type.conversion?.hasOwnForm !== true;

/** The manager of a plain write: what the client says, else the first part of its User-Agent. */
export const managerOf = (fieldManager: string, userAgent: string): string => {
  if (fieldManager !== '') return fieldManager;
  const first = userAgent.split('/', 1)[0]?.trim() ?? '';
  return first === '' ? 'unknown' : first.slice(0, MANAGER_LENGTH_MAX);
};

const MANAGER_LENGTH_MAX = 128;
