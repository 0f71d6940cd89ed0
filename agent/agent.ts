/** @module One agent assembled from its parts: the member's API, the link, inventory and work. */
import type { CapacityReport } from '../shared/capacity/report.ts';
import type { Log, RuntimeEnv } from '../shared/lib/index.ts';
import { type ApiHealth, type ClusterUidWatch, type HealthOptions, type MemberApi, watchHealth, watchServed } from './cluster/index.ts';
import type { DnsServer } from './dns/index.ts';
import { type Failover, keepFencePolicy } from './failover/index.ts';
import { createForbidden } from './forbidden.ts';
import { helloOf } from './hello.ts';
import { type InventoryOptions, startInventory } from './inventory/index.ts';
import type { AgentLink, LinkState } from './link/port.ts';
import { tellKinds } from './tell-kinds.ts';
import { splitLink, startTraffic, type TrafficEngine } from './traffic/index.ts';
import { startWork } from './work/index.ts';

/** The parts; the agent stops them when it stops. */
export type AgentParts = {
  readonly api: MemberApi;
  readonly link: AgentLink;
  readonly env: RuntimeEnv;
  readonly agentVersion: string;
  /** Which cluster this is; absent = the hub is not told. The agent stops it. */
  readonly clusterUid?: ClusterUidWatch;
  /** Finds out with the others who died; absent = this agent takes no part. */
  readonly failover?: Failover;
  /** Answers names; absent = none. `addresses`: where resolvers reach it. */
  readonly dns?: { readonly server: Pick<DnsServer, 'setZones' | 'close'>; readonly addresses: readonly string[] };
  /** Where others may look at the member's API server; absent = they cannot. */
  readonly apiAddress?: string;
  /** How kubelets and exporters of GPU figures are read; what is absent is not read. */
  readonly readers?: Pick<InventoryOptions, 'configz' | 'metrics'>;
  readonly health?: HealthOptions;
  readonly reportIntervalMs?: number;
};

/** What an agent knows of itself, for the CLI and for tests. */
export type AgentState = {
  readonly link: LinkState;
  readonly api: ApiHealth;
  /** Undefined until the member was asked. */
  readonly kubernetesVersion: string | undefined;
  readonly forbidden: readonly string[];
  /** Work items by phase. */
  readonly work: Readonly<Record<string, number>>;
  /** Imported services, clusters that get no requests from here, writes that wait. */
  readonly traffic: ReturnType<TrafficEngine['summary']>;
  readonly report: CapacityReport | undefined;
};

/** A running agent. */
export type Agent = {
  readonly state: () => AgentState;
  /** Stops all loops, the link and the client; what is applied stays as it is. */
  readonly stop: () => Promise<void>;
};

/** Puts the parts together and starts them. */
export const assembleAgent = (parts: AgentParts): Agent => {
  const { api, link, env, agentVersion, clusterUid, failover, dns, readers, reportIntervalMs } = parts;
  const { log } = env;
  const onHealth = (now: ApiHealth): void => {
    failover?.setApi(now.reachable);
    // Behind an address that was silent another cluster may answer now.
    if (now.reachable) clusterUid?.refresh();
    logHealth(log, api.server, now);
  };
  const health = watchHealth(api, env, onHealth, parts.health);
  const discovery = watchServed(api, env, (now) => {
    inventory.setServed(now.apis);
    work.setServed(now.apis, now.stale);
    traffic.setServed(now.apis);
    link.helloChanged();
  });
  const inventory = startInventory({
    client: api,
    env,
    work: () => ({ works: work.works(), acks: work.acks() }),
    publish: (report) => link.publishReport(report),
    onFactsChange: () => link.helloChanged(),
    ...readers,
    ...(reportIntervalMs === undefined ? {} : { reportIntervalMs }),
  });
  const split = splitLink(link);
  const fence = keepFencePolicy(api, env);
  const work = startWork({
    client: api,
    link: split.work,
    env,
    discover: discovery.refresh,
    onChange: inventory.changed,
    ...(failover === undefined ? {} : { leases: failover.watch.leases }),
  });
  const traffic = startTraffic({
    client: api,
    link: split.traffic,
    env,
    ...(failover === undefined ? {} : { watch: failover.watch }),
    ...(dns === undefined ? {} : { setZones: dns.server.setZones }),
    onWeights: work.setWeights,
    onWeightsLack: work.setWeightsLack,
  });
  const forbidden = createForbidden(log, [
    () => clusterUid?.forbidden() ?? [],
    inventory.forbidden,
    work.forbidden,
    traffic.forbidden,
    fence.forbidden,
  ]);
  link.setHello(() =>
    helloOf({
      agentVersion,
      clusterUID: clusterUid?.current(),
      served: discovery.current(),
      inventory,
      meshAddresses: failover?.addresses ?? [],
      dnsAddresses: dns?.addresses ?? [],
      apiAddress: parts.apiAddress,
    }),
  );
  link.onKindsWanted((hashes) => void tellKinds({ discovery, link, log }, hashes));
  link.setBeat(() => ({ api: health.current(), forbidden: forbidden.tell() }));

  return {
    state: () => ({
      link: link.state(),
      api: health.current(),
      kubernetesVersion: discovery.current()?.kubernetesVersion,
      forbidden: forbidden.list(),
      work: work.summary(),
      traffic: traffic.summary(),
      report: inventory.latest(),
    }),
    stop: async () => {
      clusterUid?.stop();
      discovery.stop();
      health.stop();
      work.stop();
      fence.stop();
      traffic.stop();
      await dns?.server.close();
      inventory.stop();
      await failover?.stop();
      await link.stop();
      await api.close();
    },
  };
};

const logHealth = (log: Log, server: string, now: ApiHealth): void => {
  if (now.reachable) log.info('the API server answers', { server });
  else
    log.warn(now.reason === 'Unauthorized' ? 'the API server does not know the agent' : 'the API server does not answer', {
      server,
      reason: now.reason,
      why: now.message,
    });
};
