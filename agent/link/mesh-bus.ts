/**
 * @module The mesh's way over the broker: a connection of its own in the account that all agents share, opened with a permission that the
 * hub gave over the main one. Beats never wait behind a report there.
 */
import type { NatsConnection, Subscription } from 'nats';
import { backoffMs } from '../../shared/lib/backoff.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { makeListeners } from '../../shared/wire/listeners.ts';
import { membersSubject, meshSubject, meshSubjectTo } from '../../shared/wire/mesh.ts';
import { encodePublicKey } from '../../shared/wire/nkey.ts';
import type { Admitted } from './key-store.ts';
import type { AgentKeys } from './keys.ts';
import type { MeshBus } from './port.ts';
import { openSession } from './session.ts';

/** Key of the hub that let the agent in, as signatures of the mesh are checked by. */
export const hubKeyText = ({ hubKey }: Pick<Admitted, 'hubKey'>): string => encodePublicKey('user', Buffer.from(hubKey, 'base64'));

/** A bus, and the ends by which the link moves it from one connection to the next. */
export type MovableMeshBus = MeshBus & {
  /** The main connection, and what it was opened with. */
  readonly use: (connection: NatsConnection, admitted: Admitted) => void;
  readonly stop: () => Promise<void>;
};

const openBackoff = { baseMs: 250, maxMs: 5_000 };

/** A bus without a connection: nothing is sent or heard until there is one. */
export const makeMeshBus = (env: RuntimeEnv, cluster: string, keys: AgentKeys): MovableMeshBus => {
  const packets = makeListeners<Uint8Array>(env.log);
  let main: NatsConnection | undefined;
  let given: Subscription | undefined;
  let admitted: Admitted | undefined;
  let jwt: string | undefined;
  let session: NatsConnection | undefined;
  let isUp = false;
  let isOpening = false;
  let beats: readonly Subscription[] = [];
  let watched: readonly string[] = ['*'];
  let generation = 0;
  let cancelOpen: () => void = () => undefined;

  const subscribe = (on: NatsConnection, subject: string): Subscription =>
    on.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) packets.tell(message.data);
        else env.log.warn('the broker does not let this agent hear the others', { subject, error: error.message });
      },
    });
  const follow = async (on: NatsConnection): Promise<void> => {
    for await (const { type } of on.status()) {
      if (on !== session) return;
      if (type === 'disconnect') isUp = false;
      if (type === 'reconnect') isUp = true;
    }
  };
  const listenForBeats = (on: NatsConnection): void => {
    for (const one of beats) if (!on.isClosed()) one.unsubscribe();
    beats = watched.map((name) => subscribe(on, meshSubject(name, 'beat')));
  };
  const close = (old: NatsConnection | undefined): Promise<void> =>
    old === undefined || old.isClosed() ? Promise.resolve() : old.close().catch(() => undefined);

  const take = (next: NatsConnection): void => {
    const old = session;
    session = next;
    isUp = true;
    isOpening = false;
    beats = [];
    listenForBeats(next);
    subscribe(next, meshSubject('*', 'ballot'));
    subscribe(next, meshSubjectTo('*', cluster));
    void follow(next);
    // A permission that was refused or has run out ends the connection; the next one is the hub's to give.
    void next.closed().then(() => {
      if (session === next) isUp = false;
    });
    void close(old);
  };
  const open = (attempt: number): void => {
    cancelOpen();
    const mine = ++generation;
    isOpening = jwt !== undefined && admitted !== undefined;
    if (jwt === undefined || admitted === undefined) return;
    openSession(cluster, keys, { ...admitted, jwt }).then(
      (next) => {
        if (mine === generation) take(next);
        else void close(next);
      },
      (error: unknown) => {
        if (mine !== generation) return;
        env.log.debug('no way to the other agents over the broker yet', { error: String(error) });
        cancelOpen = env.setTimer(backoffMs(attempt, openBackoff, env.random), () => open(attempt + 1));
      },
    );
  };
  return {
    publicKey: keys.publicKey,
    sign: keys.sign,
    hubKey: () => (admitted === undefined ? undefined : hubKeyText(admitted)),
    publish: (subject, packet) => {
      // The client keeps what it cannot send now; a beat that comes after a reconnection is worth nothing.
      if (isUp && session?.isClosed() === false) session.publish(subject, packet);
    },
    onPacket: packets.add,
    watch: (names) => {
      watched = names;
      if (session?.isClosed() === false) listenForBeats(session);
    },
    permit: (next) => {
      // Given again and again: only another one, or the same when the connection has ended for good, opens a connection.
      if (next === jwt && (isOpening || session?.isClosed() === false)) return;
      jwt = next;
      open(0);
    },
    isUp: () => isUp,
    use: (next, by) => {
      if (main?.isClosed() === false) given?.unsubscribe();
      main = next;
      given = subscribe(next, membersSubject(cluster));
      const isMoved = admitted !== undefined && (admitted.natsUrls.join() !== by.natsUrls.join() || admitted.natsCa !== by.natsCa);
      const isFirst = admitted === undefined;
      admitted = by;
      if (isFirst || isMoved) open(0);
    },
    stop: async () => {
      generation++;
      cancelOpen();
      jwt = undefined;
      await close(session);
    },
  };
};
