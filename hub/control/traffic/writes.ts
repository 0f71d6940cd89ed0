/** @module The hub's own objects of a service: its ServiceImport, and the status of its ServiceExport. */

import { mcsApiVersion, mcsGroup, type ServiceExport, type ServiceImport } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, type Store, type Stored } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { type CompiledService, type exportConditions, trafficLabel, trafficManager } from '../../../shared/traffic/index.ts';
import type { Outcome } from '../controller.ts';
import { commit, controlUser, newMetadata } from '../objects.ts';
import { partsOfService, type ServiceKey } from './answers.ts';
import { exportStatus, importSpec, importStatus } from './status.ts';

type World = { readonly store: Store; readonly env: RuntimeEnv };

/** True when the loop made it: it leaves everybody else's alone. */
export const isOurs = (object: KubeObject): boolean => object.metadata.labels?.[trafficLabel] === trafficManager;

/** The ServiceExport of a service at the hub. */
export const exportOf = (store: Store, service: ServiceKey): Stored | undefined => {
  const { namespace, name } = partsOfService(service);
  return store.get(keyOf(mcsGroup, 'serviceexports', namespace, name));
};

/**
 * Writes the ServiceImport, unless somebody else's has the name or there is no such namespace; takes it away when nothing was compiled.
 * @param late clusters that do not have the newest record yet. @returns what the controller is to do; undefined = all is as it should be.
 */
export const writeImport = async (
  { store, env }: World,
  service: ServiceKey,
  compiled: CompiledService | undefined,
  late: readonly string[],
): Promise<Outcome | undefined> => {
  const { namespace, name } = partsOfService(service);
  const key = keyOf(mcsGroup, 'serviceimports', namespace, name);
  const stored = store.get(key);
  if (stored !== undefined && !isOurs(stored.object)) return undefined;
  const shape = compiled?.import;
  if (compiled === undefined || shape === undefined) {
    if (stored === undefined) return undefined;
    return commit(store, [{ op: 'delete', key, expected: stored.revision, object: stored.object, by: controlUser }]);
  }
  if (store.get(keyOf('', 'namespaces', '', namespace)) === undefined) return undefined;
  const before = stored?.object as unknown as ServiceImport | undefined;
  const object = {
    apiVersion: mcsApiVersion,
    kind: 'ServiceImport',
    metadata: {
      ...(stored?.object.metadata ?? newMetadata(env, name, namespace)),
      labels: { ...shape.labels, [trafficLabel]: trafficManager },
      annotations: { ...shape.annotations },
    },
    spec: importSpec(shape),
    status: importStatus(before?.status, compiled, late, env.nowMs()),
  };
  if (stored !== undefined && sameJson(stored.object, object)) return undefined;
  return commit(store, [{ op: 'put', key, expected: stored?.revision ?? 0, object: object as unknown as KubeObject, by: controlUser }]);
};

/** Writes the conditions of the ServiceExport, if there is one. */
export const writeExport = async (
  { store, env }: World,
  stored: Stored | undefined,
  conditions: ReturnType<typeof exportConditions>,
): Promise<Outcome | undefined> => {
  if (stored === undefined) return undefined;
  const status = exportStatus(stored.object as unknown as ServiceExport, conditions, env.nowMs());
  if (sameJson(stored.object.status, status)) return undefined;
  return commit(store, [{ op: 'put', key: stored.key, expected: stored.revision, object: { ...stored.object, status }, by: controlUser }]);
};
