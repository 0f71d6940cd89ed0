/** @module The agent's part in finding out who died: the detector run for real, over the broker and over datagrams. */
import { isIP } from 'node:net';
import { observersOf, startWatch, type Watch } from '../../shared/health/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { ed25519Verifier, observe } from '../../shared/node/mesh/index.ts';
import { hubName, type Membership } from '../../shared/wire/mesh.ts';
import { decodePublicKey } from '../../shared/wire/nkey.ts';
import type { MeshBus } from '../link/port.ts';
import { type Datagrams, openDatagrams, partsOf } from './datagrams.ts';
import type { KeptMesh, MeshStore } from './store.ts';

/** What it is built from. */
export type FailoverOptions = {
  readonly cluster: string;
  readonly bootId: string;
  readonly env: RuntimeEnv;
  readonly mesh: MeshBus;
  readonly store: MeshStore;
  /** Key of the hub that this agent belonged to before this start: what was kept of another's clusters is nothing to it. Absent = to none. */
  readonly hubBefore?: string | undefined;
  /** Where datagrams are listened for; absent = beats go over the broker alone. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** What the others reach it by, `host` or `host:port`; absent = the address listened on, where that is one. */
  readonly addresses?: readonly string[];
};

/** A running part. */
export type Failover = {
  /** Verdicts, and what the detector knows. */
  readonly watch: Watch;
  /** Port of datagrams; undefined = none is open. */
  readonly port: number | undefined;
  /** What the others are told to send datagrams to. */
  readonly addresses: readonly string[];
  /** Resolves when the same agent was started once more, later, and runs: this one should end. */
  readonly overtaken: Promise<void>;
  /** Whether the member's API server answers. */
  readonly setApi: (isReachable: boolean) => void;
  readonly stop: () => Promise<void>;
};

/** Whose beats this agent needs: those it watches, and the hub's. */
export const watchedBy = (name: string, membership: Membership): string[] =>
  membership.members
    .filter((member) => member.name === hubName || observersOf(member.name, membership, hubName).some((observer) => observer.name === name))
    .map((member) => member.name)
    // The own beats come back as well: that is how the way to the broker is known to work.
    .concat(name)
    .sort();

const anyHost = new Set(['0.0.0.0', '::']);

/** Each address with its port. */
const addressesOf = ({ listen, addresses }: FailoverOptions, port: number): readonly string[] => {
  const hosts = addresses ?? (listen === undefined || anyHost.has(listen.host) ? [] : [listen.host]);
  return hosts.map((host) => (partsOf(host) !== undefined ? host : `${isIP(host) === 6 ? `[${host}]` : host}:${port}`));
};

/** Starts it. What was kept from the last run is in force until the hub says otherwise. @throws Error when the port is taken. */
export const startFailover = async (options: FailoverOptions): Promise<Failover> => {
  const { cluster, bootId, env, mesh, store } = options;
  const loaded = await store.load().catch((error: unknown) => {
    env.log.warn('what was kept of the other clusters cannot be read; the hub gives it anew', { error: String(error) });
    return undefined;
  });
  let kept: KeptMesh | undefined = loaded?.hubKey === options.hubBefore ? loaded : undefined;
  let datagrams: Datagrams | undefined;
  const watch = startWatch({
    name: cluster,
    bootId,
    env,
    sign: mesh.sign,
    verify: ed25519Verifier((key) => decodePublicKey('user', key)),
    hubKey: () => mesh.hubKey() ?? kept?.hubKey,
    publish: mesh.publish,
    sendDirect: (address, packet) => datagrams?.send(address, packet),
    keeper: { fences: kept?.fences ?? [], keep: (fences) => keepFences(fences) },
    memory: { kept: kept?.memory, keep: (memory) => keep({ memory }) },
    look: observe,
  });

  const keep = (change: Partial<KeptMesh>): void => {
    const hubKey = mesh.hubKey() ?? kept?.hubKey;
    if (hubKey === undefined) return;
    const next: KeptMesh = { v: 1, ...kept, ...change, hubKey };
    if (JSON.stringify(next) === JSON.stringify(kept)) return;
    kept = next;
    store
      .save(next)
      .catch((error: unknown) =>
        env.log.warn('what is known of the other clusters could not be kept for a restart', { error: String(error) }),
      );
  };
  /** A promise is given when it is kept: until then a failure is one of the promise. */
  const keepFences = async (fences: KeptMesh['fences']): Promise<void> => {
    const hubKey = mesh.hubKey() ?? kept?.hubKey;
    if (hubKey === undefined || fences === undefined) throw new Error('the hub is not known yet');
    kept = { v: 1, ...kept, fences, hubKey };
    await store.save(kept);
  };
  const { promise: overtaken, resolve: giveWay } = Promise.withResolvers<void>();
  const stops = [
    mesh.onPacket((packet) => watch.hear('broker', packet)),
    watch.onMembership(({ membership, packet }) => {
      mesh.watch(watchedBy(cluster, membership));
      keep({ members: Buffer.from(packet).toString('base64') });
    }),
    watch.onMessage((message) => {
      // Anybody could send one in its own name: only the hub's counts.
      if (message.kind !== 'credential' || message.from !== hubName || message.to !== cluster) return;
      mesh.permit(message.jwt);
      keep({ jwt: message.jwt });
    }),
    watch.onOvertaken(giveWay),
    watch.onVerdict((verdict) => {
      const { target, cause, phase, voters, epoch } = verdict;
      env.log[phase === 'Standing' ? 'warn' : 'info']('verdict', { target, cause, phase, voters, epoch });
    }),
    watch.onObstacle(({ target, obstacle }) => {
      if (obstacle !== undefined) env.log.warn('a verdict is not carried out', { target, why: obstacle });
    }),
  ];
  try {
    if (options.listen !== undefined) {
      datagrams = await openDatagrams({
        ...options.listen,
        env,
        onPacket: (packet) => watch.hear('direct', packet),
        claimant: watch.claimant,
        onDropped: (why) => watch.refusals.refuse({ cluster: '', subject: 'datagrams', ...why }),
        peers: () => (watch.membership()?.members ?? []).filter(({ name }) => name !== cluster).flatMap(({ addresses }) => addresses),
      });
    }
  } catch (error) {
    watch.stop();
    throw error;
  }
  if (kept?.members !== undefined) watch.hear('broker', Buffer.from(kept.members, 'base64'));
  if (kept?.jwt !== undefined) mesh.permit(kept.jwt);
  return {
    watch,
    port: datagrams?.port,
    addresses: datagrams === undefined ? [] : addressesOf(options, datagrams.port),
    overtaken,
    setApi: (api) => watch.setSelf({ api }),
    stop: async () => {
      for (const stop of stops) stop();
      watch.stop();
      await datagrams?.close();
    },
  };
};
