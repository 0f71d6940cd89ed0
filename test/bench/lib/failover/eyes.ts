/** @module Eyes on one cluster: the endpoints that its import has, and how many replicas of the workload are ready, each change with its time. */
import { httpClient, loadKubeconfig, startReflector } from '../../../../agent/cluster/index.ts';
import { serviceNameLabel, sourceClusterLabel } from '../../../../shared/api/index.ts';
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { silentLog } from '../../../../shared/lib/index.ts';
import { nodeEnv } from '../../../../shared/node/index.ts';
import { makeHistory } from './history.ts';
import { front, type ReadyRecord, type SliceRecord, web } from './words.ts';

/** What a cluster says of its import and of the workload, as kube-proxy and a Deployment's owner see it. */
export type Eyes = {
  readonly sources: () => readonly string[];
  readonly addresses: () => readonly string[];
  readonly ready: () => number;
  readonly slices: (sinceMs: number) => readonly SliceRecord[];
  readonly readies: (sinceMs: number) => readonly ReadyRecord[];
  readonly close: () => Promise<void>;
};

const recordsMax = 10_000;

const addressesIn = (slice: KubeObject): string[] =>
  ((slice.endpoints as { addresses: string[]; conditions?: { ready?: boolean } }[] | undefined) ?? []).flatMap(
    ({ addresses, conditions }) => (conditions?.ready === false ? [] : addresses),
  );

/** Opens them: watches on the import's EndpointSlices and on the workload. */
export const openEyes = async (kubeconfig: string): Promise<Eyes> => {
  const env = nodeEnv(silentLog);
  const client = httpClient(await loadKubeconfig(kubeconfig, env), { userAgent: 'lab' });
  const slices = makeHistory<SliceRecord>(recordsMax, ({ atMs }) => atMs);
  const readies = makeHistory<ReadyRecord>(recordsMax, ({ atMs }) => atMs);
  let known = new Map<string, { readonly source: string; readonly addresses: readonly string[] }>();
  // What is read anew takes the place of what was known when it has been read: a proxy forgets nothing because the API is away.
  let next = known;
  let sources: readonly string[] = [];
  let ready = 0;
  const see = (): void => {
    const now = [...new Set([...known.values()].flatMap(({ source, addresses }) => (addresses.length === 0 ? [] : [source])))].sort();
    if (now.join() !== sources.join()) slices.add({ atMs: Date.now(), sources: now });
    sources = now;
  };
  const sliceEyes = startReflector({
    client,
    env,
    collection: {
      group: 'discovery.k8s.io',
      version: 'v1',
      resource: 'endpointslices',
      namespace: front.namespace,
      labelSelector: `${serviceNameLabel}=${front.name}`,
    },
    project: (object) => ({ source: object.metadata.labels?.[sourceClusterLabel] ?? '', addresses: addressesIn(object) }),
    onEvent: (event) => {
      if (event.type === 'Init') next = new Map();
      else if (event.type === 'Delete') known.delete(event.key);
      else if (event.type !== 'InitDone') next.set(event.key, event.item);
      if (event.type === 'InitDone') known = next;
      if (event.type !== 'Init' && event.type !== 'InitApply') see();
    },
  });
  const webEyes = startReflector({
    client,
    env,
    collection: { group: 'apps', version: 'v1', resource: 'deployments', namespace: web.namespace },
    project: ({ status }) => (status as { readyReplicas?: number } | undefined)?.readyReplicas ?? 0,
    onEvent: (event) => {
      const next = event.type === 'Apply' || event.type === 'InitApply' ? event.item : event.type === 'Delete' ? 0 : ready;
      if (next !== ready) readies.add({ atMs: Date.now(), ready: next });
      ready = next;
    },
  });
  return {
    sources: () => sources,
    addresses: () => [...known.values()].flatMap(({ addresses }) => addresses),
    ready: () => ready,
    slices: slices.since,
    readies: readies.since,
    close: async () => {
      sliceEyes.stop();
      webEyes.stop();
      await client.close();
    },
  };
};
