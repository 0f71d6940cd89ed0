/** @module What the member's API serves: kinds by aggregated discovery (KEP-3352) or, on older servers, group by group. */

import { isBuiltinGroup } from '../../shared/kube/builtin/groups.ts';
import type { DiscoveredKind } from '../../shared/kube/custom/document.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import type { ServedApi } from '../../shared/wire/messages.ts';
import { ApiError } from './api-error.ts';
import type { MemberApi } from './http-client.ts';

/** The kinds served, ordered, and those groups that did not answer. */
export type Discovery = {
  readonly apis: readonly ServedApi[];
  /** Those of them that are not Kubernetes' own and that objects can be applied to, with all that discovery says. */
  readonly custom: readonly DiscoveredKind[];
  /** Groups whose own server is down (an aggregated API): their kinds are unknown, not gone. */
  readonly stale: readonly string[];
};

const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');
/** More than any real cluster serves; what comes after is left out. */
const APIS_MAX = 5_000;
const GROUP_VERSIONS_MAX = 500;
/** Group documents asked for at the same time on servers without aggregated discovery. */
const LEGACY_PARALLEL = 4;

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);

/** Asks the server; rejects as the client does. */
export const discover = async (api: Pick<MemberApi, 'raw'>): Promise<Discovery> => {
  const found: Found = { apis: [], custom: [] };
  const stale: string[] = [];
  const legacy: string[] = [];
  for (const root of ['/api', '/apis']) {
    const answer = fieldsOf(await api.raw(root, AGGREGATED));
    if (answer.kind === 'APIGroupDiscoveryList') readAggregated(answer, found, stale);
    else legacy.push(...legacyGroupVersions(answer));
  }
  await readLegacy(api, legacy.slice(0, GROUP_VERSIONS_MAX), found, stale);
  return { apis: found.apis.sort(byServed).slice(0, APIS_MAX), custom: found.custom, stale: stale.sort() };
};

type Found = { readonly apis: ServedApi[]; readonly custom: DiscoveredKind[] };

const byServed = (a: ServedApi, b: ServedApi): number => compareText(a.groupVersion, b.groupVersion) || compareText(a.resource, b.resource);
const readAggregated = (answer: Fields, found: Found, stale: string[]): void => {
  for (const group of listOf(answer.items)) {
    const name = textOf(fieldsOf(group.metadata).name);
    for (const version of listOf(group.versions)) {
      const groupVersion = name === '' ? textOf(version.version) : `${name}/${textOf(version.version)}`;
      if (version.freshness === 'Stale') stale.push(groupVersion);
      for (const resource of listOf(version.resources)) {
        add(found, groupVersion, {
          resource: textOf(resource.resource),
          kind: textOf(fieldsOf(resource.responseKind).kind),
          singular: textOf(resource.singularResource),
          shortNames: textsOf(resource.shortNames),
          categories: textsOf(resource.categories),
          namespaced: resource.scope === 'Namespaced',
          status: listOf(resource.subresources).some(({ subresource }) => subresource === 'status'),
          verbs: resource.verbs,
        });
      }
    }
  }
};

const legacyGroupVersions = (answer: Fields): string[] => {
  if (answer.kind === 'APIVersions') return Array.isArray(answer.versions) ? answer.versions.map(String) : [];
  if (answer.kind !== 'APIGroupList') throw new ApiError('Nonsense', 'discovery answered with something that is no list of groups');
  return listOf(answer.groups).flatMap((group) => listOf(group.versions).map((version) => textOf(version.groupVersion)));
};

const readLegacy = async (api: Pick<MemberApi, 'raw'>, groupVersions: readonly string[], found: Found, stale: string[]): Promise<void> => {
  const waiting = [...groupVersions];
  const worker = async (): Promise<void> => {
    for (let groupVersion = waiting.shift(); groupVersion !== undefined; groupVersion = waiting.shift()) {
      try {
        const list = fieldsOf(await api.raw(groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`));
        const names = new Set(listOf(list.resources).map(({ name }) => textOf(name)));
        for (const resource of listOf(list.resources)) {
          add(found, groupVersion, {
            resource: textOf(resource.name),
            kind: textOf(resource.kind),
            singular: textOf(resource.singularName),
            shortNames: textsOf(resource.shortNames),
            categories: textsOf(resource.categories),
            namespaced: resource.namespaced === true,
            status: names.has(`${textOf(resource.name)}/status`),
            verbs: resource.verbs,
          });
        }
      } catch {
        stale.push(groupVersion);
      }
    }
  };
  await Promise.all(Array.from({ length: LEGACY_PARALLEL }, worker));
};

type Entry = Omit<DiscoveredKind, 'group' | 'version'> & { readonly verbs: unknown };

/** What an agent must be able to do with a kind to distribute objects of it. */
const APPLY_VERBS = ['create', 'get', 'list', 'patch'];

const add = (found: Found, groupVersion: string, { verbs, ...entry }: Entry): void => {
  const { resource, kind, namespaced } = entry;
  // Subresources and pure actions (reviews) are nothing to distribute.
  if (resource === '' || kind === '' || groupVersion === '' || resource.includes('/')) return;
  if (Array.isArray(verbs) && !verbs.includes('list')) return;
  found.apis.push({ groupVersion, kind, resource, namespaced });
  const { group, version } = parseApiVersion(groupVersion);
  if (isBuiltinGroup(group) || !Array.isArray(verbs) || !APPLY_VERBS.every((verb) => verbs.includes(verb))) return;
  found.custom.push({ group, version, ...entry });
};

/** The member's version as it says itself, such as `v1.36.2`; rejects as the client does. */
export const kubernetesVersion = async (api: Pick<MemberApi, 'raw'>): Promise<string> =>
  textOf(fieldsOf(await api.raw('/version')).gitVersion) || 'unknown';

/** Hashes in the index of `/openapi/v3` by path, such as `apis/apps/v1`; each changes when the schemas under it do. Rejects as the client does. */
export const openApiHashes = async (api: Pick<MemberApi, 'raw'>): Promise<ReadonlyMap<string, string>> => {
  const paths = fieldsOf(fieldsOf(await api.raw('/openapi/v3')).paths);
  return new Map(
    Object.keys(paths)
      .sort()
      .map((path) => [path, /[?&]hash=([^&]+)/.exec(textOf(fieldsOf(paths[path]).serverRelativeURL))?.[1] ?? '']),
  );
};
