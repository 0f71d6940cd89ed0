/** @module A federation of shipped loops over models of everything around them: one hub, a broker, members with their agents. */
import { assembleAgent } from '../../agent/agent.ts';
import type { MemberApi } from '../../agent/cluster/index.ts';
import type { WatchPorts } from '../../shared/health/index.ts';
import { createStore, type Journal, memoryJournal } from '../../shared/kube/storage/index.ts';
import { prng } from '../../shared/lib/prng.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import { capacityCheck } from './check/capacity-check.ts';
import { type ClientCount, clientCheck } from './check/client-check.ts';
import { drainCheck } from './check/drain-check.ts';
import { journalCheck } from './check/journal-check.ts';
import { lossCheck } from './check/loss-check.ts';
import { type MeshCount, meshCheck } from './check/mesh-check.ts';
import { type Observer, observe } from './check/observer.ts';
import { type SingletonCount, singletonCheck } from './check/singleton-check.ts';
import { workCheck } from './check/work-check.ts';
import type { ClientWorld } from './clients.ts';
import type { Faults } from './faults.ts';
import { createUids, found } from './founding.ts';
import { startHubLoops } from './hub-loops.ts';
import { createAgentLink } from './model/agent-link.ts';
import { type Broker, createBroker } from './model/broker.ts';
import { createFleetBus } from './model/fleet-bus.ts';
import { createHubApi } from './model/hub-api.ts';
import { journalOf } from './model/journal.ts';
import { createMemberApi, type Member } from './model/member-api.ts';
import { createMesh, type Mesh } from './model/mesh.ts';
import { createNameServer } from './model/name-server.ts';
import { nameServerOf } from './model/web.ts';
import { startProcess } from './process.ts';
import type { AgentRun, HubRun } from './runs.ts';
import { clientSightOf, clientWorldOf, meshSightOf, singletonSightOf } from './sights.ts';
import { createUntouched } from './untouched.ts';
import type { World } from './world.ts';

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
  const uid = createUids(random('uids'));
  const verdicts: MeshCount = { tookMs: [], false: 0 };
  const checkMesh = meshCheck(() => meshSightOf(scene), verdicts);
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
  const agents = new Map<string, AgentRun>();
  const hasClients = faults().clients > 0;
  let hub: HubRun | undefined;

  const start = (name: string) =>
    untouched.process(startProcess(world, name, prng(processRandom.below(2 ** 31), name), () => skews.get(name) ?? 0));

  const { members, exporters } = await found({ world, journal, observer, random, faults }, uid);
  const scene = { world, mesh, members, agents, faults, hubMembership: () => hub?.loops?.watch?.membership() };
  const singletonSight = singletonSightOf(scene);
  const clientSight = clientSightOf(scene);

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

  return {
    broker,
    journal,
    members,
    observer,
    mesh,
    verdicts,
    singletons,
    requests,
    clientWorld: hasClients ? clientWorldOf(scene) : undefined,
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
