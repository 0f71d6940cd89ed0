/** @module The loops of a hub over a real store and API server in memory, for tests. */
import { onTestFinished } from 'vitest';
import { clusters } from '../../../shared/api/cluster.ts';
import { hanseSchemas, hanseTypes } from '../../../shared/api/index.ts';
import { builtinDefaults, builtinSchemas, builtinTypes } from '../../../shared/kube/builtin/index.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { createSchemaSet } from '../../../shared/kube/schema/index.ts';
import { createApiServer, createRegistry } from '../../../shared/kube/server/index.ts';
import { createStore, memoryJournal, type Store } from '../../../shared/kube/storage/index.ts';
import { type Control, startControl } from '../control.ts';
import { createSolver } from '../rebalance/solver.ts';
import { hastyEnv } from './env.ts';
import { createFakeFleet, type FakeFleet } from './fake-fleet.ts';

const health = { suspectMs: 150, toleranceMs: 400, holdDownMs: 300, comebackMs: 400 };
/** Replicas that find no node are not waited for. */
const nodeWait = { plainMs: 200, autoscaledMs: 200 };
const env = hastyEnv(50);
const schemas = createSchemaSet(...builtinSchemas, { schemas: hanseSchemas });

/** The loops over a store in memory, with agents in the small. */
export type TestHub = {
  readonly client: KubeClient;
  readonly store: Store;
  readonly fleet: FakeFleet;
  readonly control: () => Control;
  readonly restart: () => Promise<void>;
};

const providers: Readonly<Record<string, string>> = { home: 'onprem', aws: 'aws', gcp: 'gcp' };

/** Starts a hub with these clusters, each of so many cores. It stops when the test that started it has ended. */
export const startTestHub = async (sizes: Readonly<Record<string, number>>): Promise<TestHub> => {
  const store = await createStore(memoryJournal(), { env });
  const registry = createRegistry([...builtinTypes(), ...hanseTypes()]);
  const version = { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', platform: 'test' };
  const api = createApiServer({ store, registry, schemas: () => schemas, defaultFunctions: builtinDefaults, env, version });
  await api.start();
  const client = api.client;
  await client.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  );
  for (const name of Object.keys(sizes)) {
    const made = await client.create(clusters, {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name, labels: { 'hanse.dev/provider': providers[name] ?? 'other' } },
      spec: { admission: 'Approved' },
    });
    await client.update(
      clusters,
      { ...made, status: { agent: { publicKey: 'U', sealingKey: 'k', joinedAt: '2030-01-01T00:00:00Z' } } },
      { subresource: 'status' },
    );
  }
  const fleet = createFakeFleet(sizes, env.nowMs);
  const start = (): Control => startControl({ solver: createSolver(), store, bus: fleet.bus, catalog: registry, env, health, nodeWait });
  let control = start();
  fleet.beat();
  const beats = setInterval(fleet.beat, 25);
  onTestFinished(async () => {
    clearInterval(beats);
    await control.stop();
    await api.close();
    await store.close();
  });
  return {
    client,
    store,
    fleet,
    control: () => control,
    restart: async () => {
      await control.stop();
      control = start();
    },
  };
};
