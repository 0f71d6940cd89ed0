/** @module One agent assembled from its parts: the member's API, the link, inventory and work. */
import type { CapacityReport } from '../shared/capacity/report.ts';
import type { RuntimeEnv } from '../shared/lib/index.ts';
import {
  type ApiHealth,
  type ClusterUidWatch,
  failureOf,
  type HealthOptions,
  type MemberApi,
  type Served,
  watchHealth,
  watchServed,
} from './cluster/index.ts';
import type { DnsServer } from './dns/index.ts';
import { type Failover, installFencePolicy } from './failover/index.ts';
import { type InventoryOptions, startInventory } from './inventory/index.ts';
import type { AgentLink, HelloFacts, LinkState } from './link/port.ts';
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
  const { api, link, env, agentVersion, clusterUid, failover, dns, readers, health: healthOptions, reportIntervalMs } = parts;
  const log = env.log;
  let served: Served | undefined;

  const health = watchHealth(
    api,
    env,
    (now) => {
      failover?.setApi(now.reachable);
      // Behind an address that was silent another cluster may answer now.
      if (now.reachable) clusterUid?.refresh();
      if (now.reachable) log.info('the API server answers', { server: api.server });
      else
        log.warn(now.reason === 'Unauthorized' ? 'the API server does not know the agent' : 'the API server does not answer', {
          server: api.server,
          reason: now.reason,
          why: now.message,
        });
    },
    healthOptions,
  );
  const discovery = watchServed(api, env, (now) => {
    served = now;
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
  let endFence: () => void = () => undefined;
  /** With the first singleton the member is taught to refuse stale writes by itself. */
  const needLease = (leases: Failover['watch']['leases']) => {
    let wasNeeded = false;
    return (isNeeded: boolean): void => {
      if (isNeeded && !wasNeeded) endFence = installFencePolicy(api, env);
      wasNeeded ||= isNeeded;
      leases.setNeeded(isNeeded);
    };
  };
  const work = startWork({
    client: api,
    link: split.work,
    env,
    discover: discovery.refresh,
    onChange: inventory.changed,
    ...(failover === undefined ? {} : { leases: { ...failover.watch.leases, setNeeded: needLease(failover.watch.leases) } }),
  });

  const traffic = startTraffic({
    client: api,
    link: split.traffic,
    env,
    ...(failover === undefined ? {} : { watch: failover.watch }),
    ...(dns === undefined ? {} : { setZones: dns.server.setZones }),
  });

  const forbidden = (): readonly string[] =>
    [...new Set([...(clusterUid?.forbidden() ?? []), ...inventory.forbidden(), ...work.forbidden(), ...traffic.forbidden()])].sort();
  const hello = (): HelloFacts | undefined => {
    const uid = clusterUid?.current();
    return served === undefined
      ? undefined
      : {
          agentVersion,
          ...(uid === undefined ? {} : { clusterUID: uid }),
          kubernetesVersion: served.kubernetesVersion,
          apis: served.apis,
          runtimeClasses: inventory.runtimeClasses(),
          labels: inventory.labels(),
          ...(failover === undefined || failover.addresses.length === 0 ? {} : { meshAddresses: failover.addresses }),
          ...(dns === undefined || dns.addresses.length === 0 ? {} : { dnsAddresses: dns.addresses }),
        };
  };
  /** One after the other: documents are made anew from the API server, and the hub asks again for what did not come. */
  const tellKinds = async (hashes: readonly string[]): Promise<void> => {
    for (const hash of hashes) {
      try {
        const document = await discovery.document(hash);
        if (document === undefined) discovery.refresh();
        else link.publishKind(hash, document);
      } catch (error) {
        log.warn('a kind could not be told to the hub', { why: failureOf(error).message });
      }
    }
  };
  link.setHello(hello);
  link.onKindsWanted((hashes) => void tellKinds(hashes));
  let told = '';
  /** Said to the user once for each change; the hub is told with every beat. */
  const tellForbidden = (): readonly string[] => {
    const now = forbidden();
    const text = now.join(', ');
    if (text !== told && text !== '')
      log.warn(
        `this cluster forbids the agent: ${text}; grant it to the identity that the agent uses (hanse join --manifest shows all it needs)`,
      );
    told = text;
    return now;
  };
  link.setBeat(() => ({ api: health.current(), forbidden: tellForbidden() }));

  return {
    state: () => ({
      link: link.state(),
      api: health.current(),
      kubernetesVersion: served?.kubernetesVersion,
      forbidden: forbidden(),
      work: work.summary(),
      traffic: traffic.summary(),
      report: inventory.latest(),
    }),
    stop: async () => {
      clusterUid?.stop();
      discovery.stop();
      health.stop();
      work.stop();
      endFence();
      traffic.stop();
      await dns?.server.close();
      inventory.stop();
      await failover?.stop();
      await link.stop();
      await api.close();
    },
  };
};
