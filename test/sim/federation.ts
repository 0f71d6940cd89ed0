/** @module A federation of shipped loops over models of everything around them: one hub, a broker, members with their agents. */
import { type Agent, assembleAgent } from '../../agent/agent.ts';
import type { MemberApi } from '../../agent/cluster/index.ts';
import type { Leases, WatchPorts } from '../../shared/health/index.ts';
import { createStore, type Journal, memoryJournal, type OpenStore } from '../../shared/kube/storage/index.ts';
import { keyOf } from '../../shared/kube/storage/key.ts';
import { prng } from '../../shared/lib/prng.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import { capacityCheck } from './check/capacity-check.ts';
import { type ClientCount, type ClientSight, clientCheck } from './check/client-check.ts';
import { drainCheck } from './check/drain-check.ts';
import { journalCheck } from './check/journal-check.ts';
import { lossCheck } from './check/loss-check.ts';
import { type MeshCount, type MeshSight, meshCheck } from './check/mesh-check.ts';
import { type Observer, observe } from './check/observer.ts';
import { type SingletonCount, type SingletonSight, singletonCheck } from './check/singleton-check.ts';
import { workCheck } from './check/work-check.ts';
import type { ClientWorld } from './clients.ts';
import { type Faults, withdrawMsMax } from './faults.ts';
import { startHubLoops } from './hub-loops.ts';
import { createAgentLink } from './model/agent-link.ts';
import { type Broker, createBroker } from './model/broker.ts';
import { createFleetBus } from './model/fleet-bus.ts';
import { createHubApi, type HubApi } from './model/hub-api.ts';
import { journalOf } from './model/journal.ts';
import { createMemberApi, type Member } from './model/member-api.ts';
import { gpuTaint, nodeObject, startMemberRuntime, types } from './model/member-runtime.ts';
import { createMemberStore } from './model/member-store.ts';
import { createMesh, keyOfMember, type Mesh } from './model/mesh.ts';
import { createNameServer, type NameServer } from './model/name-server.ts';
import { clusterOf, endpointsIn, exportWeb, importedIn, nameServerOf, webPolicy } from './model/web.ts';
import { startProcess } from './process.ts';
import { createUntouched } from './untouched.ts';
import { clusterLabelsOf } from './users.ts';
import { startMs, type World } from './world.ts';

/** A hub that runs; undefined parts are still starting. */
export type HubRun = {
  readonly process: ReturnType<typeof startProcess>;
  store: OpenStore | undefined;
  api: HubApi | undefined;
  loops: ReturnType<typeof startHubLoops> | undefined;
};

/** An agent that runs. */
export type AgentRun = {
  readonly process: ReturnType<typeof startProcess>;
  readonly agent: Agent;
  readonly leases: Leases | undefined;
  readonly names: NameServer | undefined;
};

/** What a test may put in place of a part, to see that the checkers notice. */
export type Saboteur = {
  readonly bus?: typeof createFleetBus;
  readonly api?: (api: MemberApi) => MemberApi;
  readonly journal?: (journal: Journal) => Journal;
  readonly watch?: (ports: WatchPorts) => WatchPorts;
};

/** Everything that runs, and the switches that faults turn. */
export type Federation = {
  readonly broker: Broker;
  readonly journal: Journal;
  readonly members: ReadonlyMap<string, Member>;
  readonly observer: Observer;
  readonly mesh: Mesh;
  /** Verdicts on the dead, in ms from the death, and how many were given in error; see the checker of the mesh. */
  readonly verdicts: MeshCount;
  readonly singletons: SingletonCount;
  /** Requests of clients; see their checker. */
  readonly requests: ClientCount;
  /** What clients can do; undefined = nothing is exported. */
  readonly clientWorld: ClientWorld | undefined;
  /** Clusters that export the service. */
  readonly exporters: readonly string[];
  /** The first of them serves alone while it can. */
  readonly isTiered: boolean;
  readonly nowMs: () => number;
  readonly hub: () => HubRun | undefined;
  readonly agent: (cluster: string) => AgentRun | undefined;
  readonly startHub: () => void;
  readonly killHub: () => void;
  readonly startAgent: (cluster: string) => void;
  readonly killAgent: (cluster: string) => void;
  /** Puts every clock right or wrong. */
  readonly setSkew: (name: string, ms: number) => void;
};

/** A scheduler that has much to do: reports show its pods as waiting. */
const slowBindMs = 6_000;

/** Quick to forgive, so that a healed federation settles within the time that is waited for it. */
const failoverSpec = {
  limits: { windowSeconds: 60, clustersPercent: 40, capacityPercent: 60, minSurvivors: 1 },
  failback: { holdDownSeconds: 5, maxHoldDownSeconds: 20, halfLifeSeconds: 30 },
  replicas: { surplusSeconds: 60 },
} as const;

/** The journal, with everything it writes shown to the observer. */
const observedJournal = (world: World, base: Journal, observer: () => Observer): Journal => ({
  ...base,
  commit: async (writes) => {
    const result = await base.commit(writes);
    if (!result.ok) return result;
    writes.forEach((write, at) => {
      const revision = result.revisions[at] ?? 0;
      world.say(`journal ${revision} ${write.op} ${write.key}`);
      world.log.digest(JSON.stringify(write.object));
      observer().written({ revision, key: write.key, object: write.op === 'put' ? write.object : undefined });
    });
    return result;
  },
});

/** Builds a federation; nothing of it runs yet but the members. */
export const createFederation = async (world: World, seed: number, faults: () => Faults, saboteur: Saboteur = {}): Promise<Federation> => {
  const random = (concern: string) => prng(seed, concern);
  const uids = random('uids');
  const uid = (): string =>
    `${uids
      .below(2 ** 31)
      .toString(16)
      .padStart(8, '0')}-${uids
      .below(2 ** 31)
      .toString(16)
      .padStart(8, '0')}`;
  const verdicts: MeshCount = { tookMs: [], false: 0 };
  const checkMesh = meshCheck(() => sightOf(), verdicts);
  const singletons: SingletonCount = { overlaps: 0 };
  const checkSingletons = singletonCheck(() => singletonSight, singletons);
  const requests: ClientCount = { requests: 0, lost: 0, recoverMs: new Map(), lastBad: new Map() };
  const checkClients = clientCheck(() => clientSight, requests);
  const untouched = createUntouched(world);
  const checkLosses = lossCheck((cluster) => (agents.has(cluster) ? untouched.forMs(cluster) : 0));
  const checks = [journalCheck, workCheck, capacityCheck, drainCheck, checkMesh, checkSingletons, checkClients, checkLosses];
  const observer = observe(checks, world.nowMs);
  const observed = observedJournal(world, memoryJournal(), () => observer);
  const journal = saboteur.journal?.(observed) ?? observed;
  const broker = untouched.broker(createBroker(world, random('bus'), random('waits'), faults, untouched.touch));
  const journalRandom = random('journal');
  const mesh = createMesh(world, broker, seed, faults, {
    verdict: (by, { target, cause, phase, voters }) => {
      world.say(`${by} says ${cause} ${phase} of ${target} by ${voters.join()}`);
      observer.verdict(by, target, cause, phase);
    },
    started: (ports) => saboteur.watch?.(ports) ?? ports,
  });
  const skews = new Map<string, number>();
  const processRandom = random('processes');
  const members = new Map<string, Member>();
  const agents = new Map<string, AgentRun>();
  const exporters: string[] = [];
  const hasClients = faults().clients > 0;
  let hub: HubRun | undefined;

  const start = (name: string) =>
    untouched.process(startProcess(world, name, prng(processRandom.below(2 ** 31), name), () => skews.get(name) ?? 0));

  const shape = random('shape');
  const taints = random('taints');
  const taintedPercent = taints.pick([0, 0, 0, 60]);
  for (let index = 0; index < faults().agents; index++) {
    const name = `c${index}`;
    const store = createMemberStore(() => timeText(world.nowMs()), uid);
    const labels = clusterLabelsOf(shape);
    for (let node = 0; node < 1 + shape.below(3); node++) store.put(types.nodes, nodeObject(`n${node}`, 1_000 * (1 + shape.below(4)), {}));
    const isTainted = taints.chance(taintedPercent);
    if (isTainted) store.put(types.nodes, nodeObject('gpu', 64_000, {}, [gpuTaint]));
    members.set(name, { name, store, hasExports: hasClients, apiUp: true, openWatches: new Set() });
    startMemberRuntime(world, name, store, random(`member/${name}`), faults, isTainted ? slowBindMs : 0);
    const object = {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name, labels, uid: uid(), creationTimestamp: timeText(startMs), generation: 1 },
      spec: { admission: 'Approved', probes: [{ role: 'Gateway', url: `http://${name}:80/` }] },
      status: { agent: { publicKey: keyOfMember(name), sealingKey: 'AAAA', joinedAt: timeText(startMs) } },
    };
    observer.asked(keyOf('hanse.dev', 'clusters', '', name), object.spec);
    await journal.commit([{ op: 'put', key: keyOf('hanse.dev', 'clusters', '', name), expected: 0, object }]);
  }
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', uid: uid(), creationTimestamp: timeText(startMs) },
    spec: {},
  };
  await journal.commit([{ op: 'put', key: keyOf('', 'namespaces', '', 'shop'), expected: 0, object: namespace }]);

  if (hasClients) {
    const web = random('web');
    for (const [at, { name, store }] of [...members.values()].entries()) {
      store.put(types.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
      if (at > 1 && !web.chance(75)) continue;
      exporters.push(name);
      exportWeb(name, store, 1 + web.below(4));
    }
    const metadata = { name: 'web', namespace: 'shop', uid: uid(), creationTimestamp: timeText(startMs), generation: 1 };
    const object = { apiVersion: 'hanse.dev/v1alpha1', kind: 'TrafficPolicy', metadata, spec: webPolicy(faults()) };
    await journal.commit([{ op: 'put', key: keyOf('hanse.dev', 'trafficpolicies', 'shop', 'web'), expected: 0, object }]);
  }

  const policy = {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'FailoverPolicy',
    metadata: { name: 'default', uid: uid(), creationTimestamp: timeText(startMs), generation: 1 },
    spec: failoverSpec,
  };
  await journal.commit([{ op: 'put', key: keyOf('hanse.dev', 'failoverpolicies', '', 'default'), expected: 0, object: policy }]);

  const startHub = (): void => {
    if (hub !== undefined) return;
    const process = start('hub');
    const run: HubRun = { process, store: undefined, api: undefined, loops: undefined };
    hub = run;
    world.say('hub starts');
    observer.hubStarted();
    const bus = (saboteur.bus ?? createFleetBus)(process, broker, {
      published: (item) => {
        world.say(`hub signs ${item.op} ${item.cluster}.${item.id} seq ${item.seq}`);
        world.log.digest(JSON.stringify(item));
        observer.published(item);
      },
      heard: (kind, cluster, text, message) => {
        world.log.digest(text);
        observer.heard(kind, cluster, message);
      },
    });
    const own = journalOf(world, process, journal, journalRandom, faults);
    void createStore(own, { env: process.env }).then((store) => {
      run.store = store;
      run.api = createHubApi(store, () => timeText(process.env.nowMs()), uid);
      run.loops = startHubLoops({ env: process.env, store, bus, ...(faults().mesh === 0 ? {} : { mesh: mesh.hub(process) }) });
      run.loops.watch?.onVerdict(({ target, cause, phase, voters }) => {
        world.say(`hub says ${cause} ${phase} of ${target} by ${voters.join()}`);
        observer.verdict('hub', target, cause, phase);
      });
    });
  };

  const startAgent = (cluster: string): void => {
    const member = members.get(cluster);
    if (member === undefined || agents.has(cluster)) return;
    const process = start(cluster);
    world.say(`agent ${cluster} starts`);
    untouched.touch(cluster);
    observer.agentStarted(cluster);
    const api = createMemberApi(world, process, member, prng(processRandom.below(2 ** 31), `api/${cluster}`), faults, {
      sending: (verb, object) => {
        world.say(`${cluster} asks to ${verb} ${object.kind} ${object.metadata.name}`);
        world.log.digest(JSON.stringify(object));
        if (verb === 'apply') observer.applying(cluster, object);
        else observer.deleting(cluster, object);
      },
      applied: (object) => observer.applied(cluster, object),
    });
    const link = createAgentLink(process, cluster, broker, {
      reported: (report) => observer.reported(cluster, report),
      answered: (item) => {
        world.say(`${cluster} answers ${item.id} seq ${item.seq} ${item.phase} ${item.reason ?? ''}`);
        observer.answered(cluster, item);
      },
    });
    const failover = faults().mesh === 0 ? undefined : mesh.agent(process, cluster);
    const names = hasClients ? createNameServer(process) : undefined;
    agents.set(cluster, {
      process,
      leases: failover?.watch.leases,
      names,
      agent: assembleAgent({
        api: saboteur.api?.(api) ?? api,
        link,
        env: process.env,
        agentVersion: 'sim',
        ...(failover === undefined ? {} : { failover }),
        ...(names === undefined ? {} : { dns: { server: names, addresses: [nameServerOf(cluster)] } }),
      }),
    });
  };

  const singletonSight: SingletonSight = {
    serves: (cluster, seq) => {
      const run = agents.get(cluster);
      if (run === undefined || !run.process.isAwake() || members.get(cluster)?.apiUp !== true) return false;
      const lease = run.leases?.lease();
      return run.leases === undefined || (lease?.isHeld === true && seq > lease.fence);
    },
    isThere: (cluster, kind, name) =>
      kind !== 'Deployment' || members.get(cluster)?.store.get(types.deployments, 'shop', name) !== undefined,
  };
  /** What the checker of the mesh may see of the world: who could reach whom. */
  const sightOf = (): MeshSight => ({
    clusters: [...members.keys()],
    limit: failoverSpec.limits,
    // What answers once in a while only is no false alarm, whoever is to blame.
    isUp: (cluster) => (mesh.gateways.get(cluster) ?? 'well') !== 'gone' && agents.get(cluster)?.process.isStarved() !== true,
    isAwake: (cluster) => agents.get(cluster)?.process.isAwake() === true,
    isGone: (cluster) => mesh.gateways.get(cluster) === 'gone' && !agents.has(cluster),
    isOpen: (from, to) =>
      !mesh.liars.has(from) &&
      mesh.network.isOpen(from, to, world.nowMs() - startMs) &&
      mesh.network.isOpen(to, from, world.nowMs() - startMs),
  });

  const isOpen = (from: string, to: string): boolean => {
    const atMs = world.nowMs() - startMs;
    return mesh.network.isOpen(from, to, atMs) && mesh.network.isOpen(to, from, atMs);
  };
  const hasGateway = (cluster: string): boolean => mesh.gateways.get(cluster) !== 'gone';
  const reaches = (from: string, to: string): boolean => from === to || (hasGateway(to) && isOpen(from, to));
  const endpointsOf = (cluster: string): readonly string[] => {
    const store = members.get(cluster)?.store;
    return store === undefined ? [] : endpointsIn(store);
  };
  const clientSight: ClientSight = {
    clusters: [...members.keys()],
    serves: (cluster) => endpointsOf(cluster).length > 0,
    reaches,
    isAble: (cluster) => agents.get(cluster)?.process.isAwake() === true && members.get(cluster)?.apiUp === true,
    isQuick: (cluster) => agents.get(cluster)?.process.isStarved() !== true,
    boundMs: withdrawMsMax(faults()),
  };
  const clientWorld: ClientWorld = {
    clusters: [...members.keys()],
    endpoints: (cluster) => {
      const store = members.get(cluster)?.store;
      return store === undefined ? undefined : importedIn(store);
    },
    ask: (from, server, name) => (reaches(from, server) ? agents.get(server)?.names?.ask(name) : undefined),
    answers: (from, address) => {
      const to = clusterOf(address);
      const own = endpointsOf(to);
      if (address.startsWith('10.')) return own.includes(address) && reaches(from, to);
      return own.length > 0 && hasGateway(to) && reaches(from, to);
    },
    isThere: (cluster) => hasGateway(cluster) || members.get(cluster)?.apiUp === true || agents.has(cluster),
  };

  return {
    broker,
    journal,
    members,
    observer,
    mesh,
    verdicts,
    singletons,
    requests,
    clientWorld: hasClients ? clientWorld : undefined,
    exporters,
    isTiered: faults().isTiered === 1,
    nowMs: world.nowMs,
    hub: () => hub,
    agent: (cluster) => agents.get(cluster),
    startHub,
    killHub: () => {
      world.say('hub dies');
      hub?.process.kill();
      // The dead store stops following; nothing it holds is heard any more.
      void hub?.store?.close();
      hub = undefined;
    },
    startAgent,
    killAgent: (cluster) => {
      world.say(`agent ${cluster} dies`);
      observer.agentEnded(cluster);
      agents.get(cluster)?.process.kill();
      agents.delete(cluster);
    },
    setSkew: (name, ms) => skews.set(name, ms),
  };
};
