/**
 * @module Clients of the exported service. Each lives in a cluster and asks twice a turn: one of the endpoints that the cluster's agent wrote, as
 * kube-proxy chooses, and the address behind the name, from the name server of its cluster or another that answers, kept for its TTL.
 */
import { prng } from '../../shared/lib/prng.ts';
import type { ClientRequest } from './check/client-check.ts';
import type { NameReply } from './model/name-server.ts';
import { clusterOf, webName } from './model/web.ts';
import type { World } from './world.ts';

/** What clients can do in the world. */
export type ClientWorld = {
  readonly clusters: readonly string[];
  /** Endpoints by the slices of the cluster; undefined = there is no service yet. */
  readonly endpoints: (cluster: string) => readonly string[] | undefined;
  /** Asks the name server of a cluster; undefined = no answer. */
  readonly ask: (from: string, server: string, name: string) => NameReply | undefined;
  /** Something answers at the address, and the way there and back is open. */
  readonly answers: (from: string, address: string) => boolean;
  /** The cluster is there, and its clients with it. */
  readonly isThere: (cluster: string) => boolean;
};

/** Time between two turns of a client. */
const turnMsMin = 100;
const turnMsMax = 250;

type Kept = { readonly server: string; readonly reply: NameReply; readonly untilMs: number };

/** Starts them; each has chance of its own. */
export const startClients = (
  world: World,
  seed: number,
  count: number,
  what: ClientWorld,
  requested: (request: ClientRequest) => void,
): void => {
  for (let at = 0; at < count; at++) startClient(world, `client-${at}`, prng(seed, `clients/${at}`), what, requested);
};

const startClient = (
  world: World,
  name: string,
  random: ReturnType<typeof prng>,
  what: ClientWorld,
  requested: (request: ClientRequest) => void,
): void => {
  const cluster = random.pick(what.clusters);
  const outcomes = new Map<string, string>();
  let kept: Kept | undefined;

  const tell = (request: ClientRequest): void => {
    if (outcomes.get(request.way) !== request.outcome)
      world.say(`${name} in ${cluster} by ${request.way}: ${request.outcome} ${request.target ?? ''}`);
    outcomes.set(request.way, request.outcome);
    requested(request);
  };
  const send = (way: ClientRequest['way'], server: string, address: string): void => {
    const outcome = what.answers(cluster, address) ? 'answered' : 'lost';
    tell({ client: name, cluster, way, server, target: clusterOf(address), outcome });
  };
  const bySlices = (): void => {
    const endpoints = what.endpoints(cluster);
    if (endpoints === undefined) return;
    if (endpoints.length === 0) tell({ client: name, cluster, way: 'slices', server: cluster, target: undefined, outcome: 'empty' });
    else send('slices', cluster, random.pick(endpoints));
  };
  const resolve = (): Kept | undefined => {
    const nowMs = world.nowMs();
    if (kept !== undefined && nowMs < kept.untilMs) return kept;
    for (const server of [cluster, ...what.clusters.filter((other) => other !== cluster)]) {
      const reply = what.ask(cluster, server, webName);
      if (reply !== undefined) return { server, reply, untilMs: nowMs + reply.ttlSeconds * 1_000 };
    }
    return undefined;
  };
  const byName = (): void => {
    kept = resolve();
    if (kept === undefined) return;
    const { server, reply } = kept;
    if (reply.kind === 'empty') tell({ client: name, cluster, way: 'name', server, target: undefined, outcome: 'empty' });
    else send('name', server, reply.address);
  };
  const turn = (): void => {
    if (what.isThere(cluster)) {
      bySlices();
      byName();
    } else kept = undefined;
    world.after(turnMsMin + random.below(turnMsMax - turnMsMin), name, turn);
  };
  world.after(random.below(turnMsMax), name, turn);
};
