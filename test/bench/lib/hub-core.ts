/** @module The core of a hub process as it runs: journal on disk, store, control loops; without API and broker, over a synthetic fleet. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { followBursts } from '../../../hub/collector.ts';
import { startControl } from '../../../hub/control/control.ts';
import { createSolver } from '../../../hub/control/rebalance/solver.ts';
import { openScratch, realEnv } from '../../../hub/store/testing/scratch.ts';
import { hanseTypes, type Taint } from '../../../shared/api/index.ts';
import { builtinTypes } from '../../../shared/kube/builtin/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createRegistry } from '../../../shared/kube/server/registry.ts';
import { createStore, keyOf, type Store, type Write } from '../../../shared/kube/storage/index.ts';
import { createSyntheticFleet, type SyntheticFleet } from './synthetic-fleet.ts';

/** A hub that runs. */
export type HubCore = {
  readonly store: Store;
  readonly fleet: SyntheticFleet;
  /** Writes objects as users do: each in a commit of its own, all at once. */
  readonly put: (objects: readonly KubeObject[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

const resources: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  Cluster: ['hanse.dev', 'clusters'],
  PlacementPolicy: ['hanse.dev', 'placementpolicies'],
  Deployment: ['apps', 'deployments'],
};

const now = '2030-01-01T00:00:00Z';

/** A cluster that was approved and has joined. */
export const clusterObject = (name: string, labels: Readonly<Record<string, string>>, taints: readonly Taint[] = []): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name, labels, uid: `uid-${name}`, creationTimestamp: now, generation: 1 },
  spec: { admission: 'Approved', ...(taints.length === 0 ? {} : { taints }) },
  status: { agent: { publicKey: 'U', sealingKey: 'k', joinedAt: now } },
});

/** A policy for the Deployments of a namespace. */
export const policyObject = (namespace: string, spec: object): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'all', namespace, uid: `uid-policy-${namespace}`, creationTimestamp: now, generation: 1 },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], ...spec },
});

/** A Deployment as Helm charts write them. */
export const deploymentObject = (namespace: string, name: string, replicas: number, cpu: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name,
    namespace,
    uid: `uid-${namespace}-${name}`,
    creationTimestamp: now,
    generation: 1,
    labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'Helm' },
  },
  spec: {
    replicas,
    selector: { matchLabels: { 'app.kubernetes.io/name': name } },
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': name } },
      spec: {
        containers: [
          {
            name: 'web',
            image: `registry.example/${name}:1.0.0`,
            ports: [{ name: 'http', containerPort: 8080 }],
            env: [{ name: 'PORT', value: '8080' }],
            resources: { requests: { cpu, memory: '128Mi' }, limits: { memory: '256Mi' } },
            readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5 },
          },
        ],
      },
    },
  },
});

/** Starts one and waits until it has heard all clusters. */
export const startHubCore = async (clusters: number, nodes: number): Promise<HubCore> => {
  const root = join(import.meta.dirname, '..', '..', '..', '.cache');
  mkdirSync(root, { recursive: true });
  const directory = mkdtempSync(join(root, 'bench-decisions-'));
  const journal = openScratch(directory);
  const store = await createStore(journal, { env: realEnv });
  const fleet = createSyntheticFleet({ clusters, nodes, nowMs: realEnv.nowMs });
  const put = async (objects: readonly KubeObject[]): Promise<void> => {
    const results = await Promise.all(
      objects.map((object) => {
        const [group = '', resource = ''] = resources[object.kind] ?? [];
        const key = keyOf(group, resource, object.metadata.namespace ?? '', object.metadata.name);
        const write: Write = { op: 'put', key, object };
        return store.commit([write]);
      }),
    );
    if (!results.every(({ ok }) => ok)) throw new Error('not all objects could be written');
  };
  await put(fleet.names.map((name) => clusterObject(name, fleet.labelsOf(name))));
  const catalog = createRegistry([...builtinTypes(), ...hanseTypes()]);
  const control = startControl({ solver: createSolver(), store, bus: fleet.bus, catalog, env: realEnv });
  const unfollow = followBursts(realEnv, control.isBurst);
  fleet.start();
  return {
    store,
    fleet,
    put,
    close: async () => {
      fleet.stop();
      unfollow();
      await control.stop();
      await store.close();
      await journal.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
