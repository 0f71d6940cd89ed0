/** @module Discovery: which groups, versions and resources are served, in the legacy and the aggregated shape. */

import { hash32 } from '../../lib/index.ts';
import { apiVersionOf } from '../object.ts';
import type { ResourceType, SubresourceType } from '../resource.ts';
import { noSuchPath, noSuchResource } from './errors.ts';
import { alternatives } from './negotiate.ts';
import type { ResourceTypeRegistry } from './registry.ts';
import { SCALE } from './scale.ts';

const SUBRESOURCE_VERBS: readonly string[] = ['get', 'patch', 'update'];

/** Subresources of a kind by name, status and scale among them. */
const subresourcesOf = (type: ResourceType): readonly SubresourceType[] => {
  const all: SubresourceType[] = [...(type.subresources ?? [])];
  if (type.scale !== undefined)
    all.push({ name: 'scale', kind: SCALE.kind, group: SCALE.group, version: SCALE.version, verbs: SUBRESOURCE_VERBS });
  if (type.hasStatus) all.push({ name: 'status', kind: type.kind, verbs: SUBRESOURCE_VERBS });
  return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
};

/** `/api`; `serverAddress` is `HOST:PORT` as the client knows it. */
export const coreVersions = (registry: ResourceTypeRegistry, serverAddress: string): object => ({
  kind: 'APIVersions',
  versions: registry.groups().find(({ name }) => name === '')?.versions ?? [],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

/** `/apis`. */
export const groupList = (registry: ResourceTypeRegistry): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: registry
    .groups()
    .filter(({ name }) => name !== '')
    .map(groupOf),
});

/** `/apis/GROUP`; throws 404. */
export const oneGroup = (registry: ResourceTypeRegistry, name: string): object => {
  const found = registry.groups().find((group) => group.name === name && name !== '');
  if (found === undefined) throw noSuchPath();
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(found) };
};

const groupOf = ({ name, versions }: { readonly name: string; readonly versions: readonly string[] }) => {
  const all = versions.map((version) => ({ groupVersion: apiVersionOf(name, version), version }));
  return { name, versions: all, preferredVersion: all[0] };
};

/** `/api/v1` and `/apis/GROUP/VERSION`; throws 404. */
export const resourceList = (registry: ResourceTypeRegistry, group: string, version: string): object => {
  const types = registry.in(group, version);
  if (types.length === 0) throw noSuchResource();
  // The core group's list says no apiVersion, for clients that are older than groups.
  const head = group === '' ? { kind: 'APIResourceList' } : { kind: 'APIResourceList', apiVersion: 'v1' };
  return { ...head, groupVersion: apiVersionOf(group, version), resources: types.flatMap(resourcesOf) };
};

const resourcesOf = (type: ResourceType): object[] => {
  const { resource, singular, namespaced, kind, verbs, shortNames, categories } = type;
  const own = {
    name: resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...storedAs(type),
  };
  const others = subresourcesOf(type).map(({ name, kind: subKind, group, version, verbs: subVerbs }) => ({
    name: `${resource}/${name}`,
    singularName: '',
    namespaced,
    ...(version === undefined ? {} : { group: group ?? '', version }),
    kind: subKind,
    verbs: subVerbs,
  }));
  return [own, ...others];
};

/** Of built-in kinds discovery says what was recorded. */
const storedAs = (type: ResourceType): { storageVersionHash?: string } => {
  const { storageVersionHash } = type;
  if (storageVersionHash !== undefined) return { storageVersionHash };
  return type.verbs.includes('list') && !type.strategicMerge ? { storageVersionHash: storageHash(type) } : {};
};

/** Tells clients that watch for it when a kind is stored in another version. */
const storageHash = (type: ResourceType): string => {
  const stored = type.conversion?.storageVersion ?? type.version;
  const text = `${type.conversion?.storageGroup ?? type.group}/${stored}/${type.kind}`;
  return btoa(
    String.fromCharCode(
      ...[hash32(text), hash32(`${text}/`)].flatMap((hash) => [hash >>> 24, (hash >>> 16) & 255, (hash >>> 8) & 255, hash & 255]),
    ),
  );
};

/** Aggregated discovery, v2 or v2beta1, of core (`/api`) or of all other groups (`/apis`). */
export const aggregated = (registry: ResourceTypeRegistry, core: boolean, version: 'v2' | 'v2beta1'): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: registry
    .groups()
    .filter(({ name }) => (name === '') === core)
    .map(({ name, versions }) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: versions.map((one) => ({ version: one, resources: registry.in(name, one).map(discovered), freshness: 'Current' })),
    })),
});

const discovered = (type: ResourceType): object => {
  const subresources = subresourcesOf(type);
  return {
    resource: type.resource,
    responseKind: { group: '', version: '', kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map(({ name, kind, group, version, verbs }) => ({
            subresource: name,
            responseKind: { group: version === undefined ? '' : (group ?? ''), version: version ?? '', kind },
            verbs,
          })),
        }),
  };
};

/** Which shape of discovery a client takes: the first that it names and the server has. */
export const discoveryShape = (accept: string): 'v2' | 'v2beta1' | 'legacy' => {
  for (const { type, parameters } of alternatives(accept)) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const { as, g, v } = parameters;
    if (as === undefined) return 'legacy';
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return 'legacy';
};

/** The content type of an aggregated answer; clients compare it as text. */
export const aggregatedType = (version: 'v2' | 'v2beta1'): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
