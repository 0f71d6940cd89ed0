/** @module What a running API server serves: groups in order, resources of each version, and the columns of its tables. */
import type { ApiCall } from '../api.ts';
import { isObject, type Json, type JsonObject } from './stable-json.ts';

/** The discovery file. `groups[0]` is the core group, whose name is empty; the others come in the order of `/apis`. */
export type Discovery = {
  /** The answer of `/version`. */
  readonly version: JsonObject;
  readonly groups: readonly { readonly name: string; readonly preferredVersion: string; readonly versions: readonly string[] }[];
  /** By group version (`v1`, `apps/v1`): its APIResourceList's `resources`, in the server's order, subresources among them. */
  readonly resources: Readonly<Record<string, readonly JsonObject[]>>;
  /** By `GROUP_VERSION/RESOURCE`: the `columnDefinitions` of its Table. */
  readonly columns: Readonly<Record<string, Json>>;
};

const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const get = async (call: ApiCall, path: string, accept = 'application/json'): Promise<JsonObject> => {
  const answer = await call('GET', path, { headers: { accept } });
  if (answer.status !== 200 || !isObject(answer.body))
    throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
  return answer.body;
};

const rootOf = (groupVersion: string): string => (groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`);

/** Reads everything the server says of what it serves. */
export const readDiscovery = async (call: ApiCall): Promise<Discovery> => {
  const { gitCommit: _commit, gitTreeState: _tree, buildDate: _date, ...version } = await get(call, '/version');
  const core = (await get(call, '/api')).versions;
  const groups = [{ name: '', preferredVersion: 'v1', versions: Array.isArray(core) ? core.map(String) : [] }];
  for (const group of objects((await get(call, '/apis')).groups)) {
    const preferred = isObject(group.preferredVersion) ? String(group.preferredVersion.version) : '';
    groups.push({
      name: String(group.name),
      preferredVersion: preferred,
      versions: objects(group.versions).map((entry) => String(entry.version)),
    });
  }
  const resources: Record<string, JsonObject[]> = {};
  const columns: Record<string, Json> = {};
  for (const group of groups) {
    for (const served of group.versions) {
      const groupVersion = group.name ? `${group.name}/${served}` : served;
      const list = objects((await get(call, rootOf(groupVersion))).resources);
      resources[groupVersion] = list;
      for (const resource of list) {
        if (!Array.isArray(resource.verbs) || !resource.verbs.includes('list')) continue;
        const table = await get(call, `${rootOf(groupVersion)}/${String(resource.name)}?limit=1`, tableAccept);
        columns[`${groupVersion}/${String(resource.name)}`] = table.columnDefinitions ?? [];
      }
    }
  }
  return { version, groups, resources, columns };
};
