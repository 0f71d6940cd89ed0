/** @module Whether a healed federation has come to rest where it should: members run what Placements say, the hub shows their sums, nothing waits. */
import type { Cluster, PolicySpec, StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import type { Federation } from '../federation.ts';
import { type Record as BrokerRecord, forged } from '../model/broker.ts';
import { type HubApi, hubKinds, namespace } from '../model/hub-api.ts';
import { cpuMilliOf, type DeploymentSpec, nodelessIn, roomIn, types } from '../model/member-runtime.ts';
import { endpointsIn } from '../model/web.ts';
import { type NodelessSight, nodelessText } from './nodeless.ts';
import { drainedOf, type StayingSight, stayingText } from './staying.ts';

/** What is not yet as it should be, in words; '' = all is well. */
export const unsettled = (federation: Federation): string => {
  const hub = federation.hub();
  if (hub?.api === undefined || hub.loops === undefined) return 'the hub is still starting';
  if (hub.loops.pending() > 0) return `${hub.loops.pending()} keys wait in the hub's loops`;
  const deployments = hub.api.list(hubKinds.deployments);
  const clusters = hub.api.list(hubKinds.clusters);
  const placements = hub.api.list(hubKinds.placements).map((object) => object as unknown as StoredPlacement);
  const placed = new Map(placements.map((placement) => [placement.spec.workload.name, placement]));
  const sight = sightOf(federation, hub.api, clusters, placed);
  return (
    clustersText(clusters) ||
    boardText(federation) ||
    workloadsText(federation, deployments, sight) ||
    stayingText(sight) ||
    nodelessText(sight) ||
    requestsText(federation)
  );
};

const sightOf = (
  { members }: Federation,
  api: HubApi,
  clusters: readonly KubeObject[],
  placements: ReadonlyMap<string, StoredPlacement>,
): NodelessSight => {
  const specOf = (workload: string): DeploymentSpec => (api.get(hubKinds.deployments, workload)?.spec ?? {}) as DeploymentSpec;
  return {
    clusters: clusters as unknown as readonly Cluster[],
    placements,
    policy: (id) => api.get(hubKinds.policies, id.slice(id.indexOf('/') + 1))?.spec as PolicySpec | undefined,
    wanted: (workload) => specOf(workload).replicas ?? 0,
    counts: (cluster, workload) => {
      const object = members.get(cluster)?.store.get(types.deployments, namespace, workload);
      if (object === undefined) return undefined;
      return { replicas: (object.spec as DeploymentSpec).replicas ?? 0, ready: (object.status as Counts | undefined)?.readyReplicas ?? 0 };
    },
    nodeless: (cluster, workload) => {
      const store = members.get(cluster)?.store;
      return store === undefined ? 0 : nodelessIn(store, workload);
    },
    room: (cluster, workload) => {
      const store = members.get(cluster)?.store;
      return store === undefined ? 0 : roomIn(store, cpuMilliOf(specOf(workload).template?.spec));
    },
  };
};

/** Requests have to go well for so long. */
const wellMs = 5_000;

/** Clients are answered, and every cluster has the endpoints that serve, of the first tier where there is one. */
const requestsText = ({ requests, clientWorld, exporters, members, nowMs, isTiered }: Federation): string => {
  if (clientWorld === undefined) return '';
  const bad = [...requests.lastBad.values()].find(({ atMs }) => nowMs() - atMs < wellMs);
  if (bad !== undefined) return bad.text;
  const serving = isTiered ? exporters.slice(0, 1) : exporters;
  const wanted = serving.flatMap((name) => {
    const store = members.get(name)?.store;
    return store === undefined ? [] : endpointsIn(store);
  });
  const text = wanted.sort().join();
  return first(
    clientWorld.clusters.map((name) => {
      const present = [...(clientWorld.endpoints(name) ?? [])].sort().join();
      return present === text ? '' : `requests in ${name} go to ${present}; ${text} serve`;
    }),
  );
};

const first = (texts: Iterable<string>): string => {
  for (const text of texts) if (text !== '') return text;
  return '';
};

const clustersText = (clusters: readonly KubeObject[]): string =>
  first(
    clusters.map((cluster) => {
      const { conditions = [] } = (cluster.status ?? {}) as { conditions?: { type: string; status: string; reason: string }[] };
      const ready = conditions.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' && ready.reason !== 'Returning'
        ? ''
        : `cluster ${cluster.metadata.name} is not ready: ${JSON.stringify(ready)}`;
    }),
  );

/** What records hold. A record is never changed, and most are looked at many times. */
const parsed = new WeakMap<BrokerRecord, object>();
const parsedOf = <T extends object>(record: BrokerRecord): T => {
  const item = (parsed.get(record) ?? JSON.parse(record.text)) as T;
  parsed.set(record, item);
  return item;
};

/** Every piece of work is answered, and nothing withdrawn is left behind. */
const boardText = ({ broker }: Federation): string => {
  const statuses = broker.read('status');
  const bad = [...broker.read('work').values()].find(({ text }) => text === forged);
  if (bad !== undefined) return `work ${bad.key} is forged`;
  const works = [...broker.read('work').values()].map(parsedOf<WorkItem>);
  const work = first(
    works.map((item) => {
      const key = `${item.cluster}.${item.id}`;
      if (item.op === 'withdraw') return `withdrawn work ${key} is not forgotten`;
      const record = statuses.get(key);
      if (record === undefined) return `work ${key} is not answered`;
      const status = parsedOf<StatusItem>(record);
      if (status.seq !== item.seq) return `work ${key} is answered at seq ${status.seq}, not ${item.seq}`;
      return status.phase === 'Applied' ? '' : `work ${key} is ${status.phase}: ${status.reason} ${status.message}`;
    }),
  );
  if (work !== '') return work;
  const keys = new Set(works.map(({ cluster, id }) => `${cluster}.${id}`));
  return first([...statuses.keys()].map((key) => (keys.has(key) ? '' : `the status ${key} is of no work`)));
};

type Counts = {
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  observedGeneration?: number;
};

const countFields = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;

const workloadsText = (federation: Federation, deployments: readonly KubeObject[], sight: StayingSight): string => {
  const drained = new Set(sight.clusters.flatMap(({ metadata, spec }) => (spec.drain === undefined ? [] : [metadata.name])));
  const leftIn = new Map<string, string[]>();
  for (const { name, store } of federation.members.values()) {
    for (const { metadata } of store.list(types.deployments)) {
      const placement = sight.placements.get(metadata.name);
      if (placement?.spec.clusters.some((cluster) => cluster.name === name) === true) continue;
      const isLeft = drained.has(name) || drainedOf(placement).some((cluster) => cluster.name === name);
      if (placement === undefined || !isLeft) return `${metadata.name} runs in ${name}, where no Placement puts it`;
      leftIn.set(metadata.name, [...(leftIn.get(metadata.name) ?? []), name]);
    }
  }
  return first(
    deployments.map((deployment) => {
      const { name } = deployment.metadata;
      return workloadText(federation, deployment, sight.placements.get(name), leftIn.get(name) ?? []);
    }),
  );
};

/** `left`: drained clusters that still have it. */
const workloadText = (
  federation: Federation,
  deployment: KubeObject,
  placement: StoredPlacement | undefined,
  left: readonly string[],
): string => {
  const { name, namespace = '' } = deployment.metadata;
  if (deployment.metadata.deletionTimestamp !== undefined) return `${name} is still being deleted`;
  const sums: Required<Pick<Counts, (typeof countFields)[number]>> = {
    replicas: 0,
    updatedReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
  };
  const staying = new Map(drainedOf(placement).map((cluster) => [cluster.name, cluster.replicas ?? 0]));
  const clusters: { readonly name: string; readonly replicas?: number }[] = [
    ...(placement?.spec.clusters ?? []),
    ...left.map((name) => ({ name })),
  ];
  for (const cluster of clusters) {
    const isLeft = left.includes(cluster.name);
    const object = federation.members.get(cluster.name)?.store.get(types.deployments, namespace, name);
    if (object === undefined) return `${name} is missing in ${cluster.name}`;
    const spec = object.spec as { replicas: number; template: { spec: { containers: { image: string }[] } } };
    if (!isLeft && spec.replicas !== cluster.replicas)
      return `${name} has ${spec.replicas} replicas in ${cluster.name}, its Placement says ${cluster.replicas}`;
    const wanted = deployment.spec as typeof spec;
    const [image, wantedImage] = [spec.template.spec.containers[0]?.image, wanted.template.spec.containers[0]?.image];
    // What waits to leave is left as it is.
    const isWaiting = isLeft && spec.replicas > (staying.get(cluster.name) ?? 0);
    if (!isWaiting && image !== wantedImage) return `${name} runs ${image} in ${cluster.name}, the hub says ${wantedImage}`;
    const config = `${name}-config`;
    const here = federation.members.get(cluster.name)?.store.get(types.configMaps, namespace, config)?.data;
    const there = federation.hub()?.api?.get(hubKinds.configMaps, config)?.data;
    if (JSON.stringify(here) !== JSON.stringify(there))
      return `${config} in ${cluster.name} is ${JSON.stringify(here)}, the hub says ${JSON.stringify(there)}`;
    const status = (object.status ?? {}) as Counts;
    // What is about to end is not updated.
    for (const field of countFields)
      if (field !== 'updatedReplicas' || !isLeft || staying.has(cluster.name)) sums[field] += status[field] ?? 0;
  }
  const status = (deployment.status ?? {}) as Counts;
  if (placement === undefined) return '';
  // Without a policy an object stays where it is, as it is: nothing observes its new generation.
  if (placement.status?.reason === 'NoPolicy') return '';
  for (const field of countFields)
    if ((status[field] ?? 0) !== sums[field]) return `${name}: status.${field} is ${status[field] ?? 0}, the members have ${sums[field]}`;
  return status.observedGeneration === deployment.metadata.generation
    ? ''
    : `${name}: generation ${deployment.metadata.generation} is not observed`;
};
