/** @module Whether a healed federation has come to rest where it should: members run what Placements say, the hub shows their sums, nothing waits. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import type { Federation } from '../federation.ts';
import { type Record as BrokerRecord, forged } from '../model/broker.ts';
import { hubKinds } from '../model/hub-api.ts';
import { types } from '../model/member-runtime.ts';
import { endpointsIn } from '../model/web.ts';

/** What is not yet as it should be, in words; '' = all is well. */
export const unsettled = (federation: Federation): string => {
  const hub = federation.hub();
  if (hub?.api === undefined || hub.loops === undefined) return 'the hub is still starting';
  if (hub.loops.pending() > 0) return `${hub.loops.pending()} keys wait in the hub's loops`;
  const deployments = hub.api.list(hubKinds.deployments);
  const placements = hub.api.list(hubKinds.placements);
  return (
    clustersText(hub.api.list(hubKinds.clusters)) ||
    boardText(federation) ||
    workloadsText(federation, deployments, placements) ||
    requestsText(federation)
  );
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

type PlacementSpec = {
  readonly workload: { readonly name: string };
  readonly clusters: readonly { readonly name: string; readonly replicas?: number }[];
};
type Counts = {
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  observedGeneration?: number;
};

const countFields = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;

const workloadsText = (federation: Federation, deployments: readonly KubeObject[], placements: readonly KubeObject[]): string => {
  const placed = new Map(placements.map((placement) => [(placement.spec as PlacementSpec).workload.name, placement.spec as PlacementSpec]));
  for (const { name, store } of federation.members.values()) {
    for (const object of store.list(types.deployments)) {
      const isWanted = placed.get(object.metadata.name)?.clusters.some((cluster) => cluster.name === name) === true;
      if (!isWanted) return `${object.metadata.name} runs in ${name}, where no Placement puts it`;
    }
  }
  const frozen = new Set(
    placements
      .filter(({ status }) => (status as { reason?: string } | undefined)?.reason === 'NoPolicy')
      .map(({ spec }) => (spec as PlacementSpec).workload.name),
  );
  return first(
    deployments.map((deployment) => {
      const { name } = deployment.metadata;
      return workloadText(federation, deployment, placed.get(name), frozen.has(name));
    }),
  );
};

const workloadText = (federation: Federation, deployment: KubeObject, placement: PlacementSpec | undefined, isFrozen: boolean): string => {
  const { name, namespace = '' } = deployment.metadata;
  if (deployment.metadata.deletionTimestamp !== undefined) return `${name} is still being deleted`;
  const sums: Required<Pick<Counts, (typeof countFields)[number]>> = {
    replicas: 0,
    updatedReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
  };
  for (const cluster of placement?.clusters ?? []) {
    const object = federation.members.get(cluster.name)?.store.get(types.deployments, namespace, name);
    if (object === undefined) return `${name} is missing in ${cluster.name}`;
    const spec = object.spec as { replicas: number; template: { spec: { containers: { image: string }[] } } };
    if (spec.replicas !== cluster.replicas)
      return `${name} has ${spec.replicas} replicas in ${cluster.name}, its Placement says ${cluster.replicas}`;
    const wanted = deployment.spec as typeof spec;
    const [image, wantedImage] = [spec.template.spec.containers[0]?.image, wanted.template.spec.containers[0]?.image];
    if (image !== wantedImage) return `${name} runs ${image} in ${cluster.name}, the hub says ${wantedImage}`;
    const config = `${name}-config`;
    const here = federation.members.get(cluster.name)?.store.get(types.configMaps, namespace, config)?.data;
    const there = federation.hub()?.api?.get(hubKinds.configMaps, config)?.data;
    if (JSON.stringify(here) !== JSON.stringify(there))
      return `${config} in ${cluster.name} is ${JSON.stringify(here)}, the hub says ${JSON.stringify(there)}`;
    const status = (object.status ?? {}) as Counts;
    for (const field of countFields) sums[field] += status[field] ?? 0;
  }
  const status = (deployment.status ?? {}) as Counts;
  if (placement === undefined) return '';
  // Without a policy an object stays where it is, as it is: nothing observes its new generation.
  if (isFrozen) return '';
  for (const field of countFields)
    if ((status[field] ?? 0) !== sums[field]) return `${name}: status.${field} is ${status[field] ?? 0}, the members have ${sums[field]}`;
  return status.observedGeneration === deployment.metadata.generation
    ? ''
    : `${name}: generation ${deployment.metadata.generation} is not observed`;
};
