/**
 * @module The broker as peers see it: core messages that may be lost, doubled and overtake each other, and two buckets that keep the last
 * record of each key, deliver in order within a connection, and hand over everything again after a reconnect.
 */
import { backoffMs } from '../../../shared/lib/backoff.ts';
import type { Prng } from '../../../shared/lib/prng.ts';
import { drawDelay, type Faults } from '../faults.ts';
import type { Process } from '../process.ts';
import type { World } from '../world.ts';

/** One record of a bucket, as JSON text. */
export type Record = { readonly key: string; readonly text: string; readonly revision: number };

/** How a peer follows a bucket: `begin` opens a whole reading, `done` closes it, records come in between and after. */
export type Follower = {
  readonly bucket: string;
  /** Records whose key begins so. */
  readonly prefix: string;
  readonly begin: () => void;
  readonly record: (record: Record) => void;
  readonly done: (keys: readonly string[]) => void;
};

/** What a peer gives the broker to call. */
export type PeerHandlers = {
  readonly message: (subject: string, text: string) => void;
  readonly connected: (up: boolean) => void;
};

/** A process's place at the broker. It reconnects for ever. */
export type Peer = {
  readonly connected: () => boolean;
  /** A core message to everybody whose subscription matches, the sender too; lost without a word when the link or the broker is down. */
  readonly publish: (subject: string, text: string) => void;
  /** Rejects after {@link requestTimeoutMs}; what was asked may have been done all the same. */
  readonly put: (bucket: string, key: string, text: string) => Promise<number>;
  readonly purge: (bucket: string, keyOrPrefix: string) => Promise<void>;
  readonly follow: (follower: Follower) => void;
};

/** The broker. */
export type Broker = {
  /** `hears` says which subjects reach the peer; `link` names the cable that faults cut. */
  readonly join: (process: Process, link: string, hears: (subject: string) => boolean, handlers: PeerHandlers) => Peer;
  readonly crash: (downMs: number) => void;
  readonly isUp: () => boolean;
  readonly cut: (link: string) => void;
  readonly mend: (link: string) => void;
  readonly read: (bucket: string) => ReadonlyMap<string, Record>;
  /** Somebody with rights at the broker overwrites one record of work. */
  readonly forge: () => void;
};

/** What a forged record holds: nothing that the hub signed. */
export const forged = 'forged';

const requestTimeoutMs = 5_000;

/** When chance alone loses or delays so many messages in a row, of one subject, the link might as well be cut. */
const badLuckMin = 9;
/** Later than the next beat. */
const lateMs = 1_000;

type Session = {
  readonly process: Process;
  readonly link: string;
  readonly hears: (subject: string) => boolean;
  readonly handlers: PeerHandlers;
  readonly followers: Follower[];
  /** Tries to connect that failed since the last that did not. */
  tries: number;
  /** Counts connections: what was under way on an earlier one is lost. */
  epoch: number;
  /** As the peer sees it. */
  connected: boolean;
  /** As it is: false from the moment the connection broke, noticed or not. */
  sound: boolean;
  /** Records are delivered in order: none before this time. */
  lastDeliveryMs: number;
};

/**
 * A broker without peers and records. `waits`: the chance of waits between tries. `faults` is asked anew for each message. `badLuck` is told of a
 * link of which chance lets hardly anything through.
 */
export const createBroker = (world: World, random: Prng, waits: Prng, faults: () => Faults, badLuck: (link: string) => void): Broker => {
  const buckets = new Map<string, Map<string, Record>>([
    ['work', new Map()],
    ['status', new Map()],
  ]);
  const sessions: Session[] = [];
  const cuts = new Set<string>();
  /** Messages of each subject that were lost or late by chance, since the last that was not. */
  const missed = new Map<string, number>();
  let isUp = true;
  /** Counts starts of the broker: what was on its way to an earlier one is lost. */
  let starts = 0;
  let revision = 0;
  const bucketOf = (name: string): Map<string, Record> => {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw new Error(`no bucket ${name}`);
    return bucket;
  };
  const reachable = (session: Session): boolean => isUp && !cuts.has(session.link) && session.process.alive();
  const latency = (): number => drawDelay(faults().bus, random);

  /** Delivers on a connection in order; a break on the way loses it and all after it until the next connection. */
  const deliver = (session: Session, what: string, run: () => void): void => {
    const { epoch } = session;
    const atMs = Math.max(session.lastDeliveryMs, world.nowMs() + latency());
    session.lastDeliveryMs = atMs;
    session.process.after(atMs - world.nowMs(), what, () => {
      if (session.epoch !== epoch) return;
      if (!reachable(session)) breakOff(session);
      else run();
    });
  };

  const startReading = (session: Session, follower: Follower): void => {
    const held = [...bucketOf(follower.bucket).values()].filter(({ key }) => key.startsWith(follower.prefix));
    deliver(session, `reading of ${follower.bucket}`, () => follower.begin());
    for (const record of held) deliver(session, `${follower.bucket} ${record.key}`, () => follower.record(record));
    deliver(session, `end of reading of ${follower.bucket}`, () => follower.done(held.map(({ key }) => key)));
  };

  /** The hub tries again at once, as the shipped one does. */
  const waitOf = (session: Session): number => {
    const soonMs = 500 + random.below(1_000);
    const { backoffMs: maxMs } = faults();
    return maxMs === 0 || session.link === 'hub' ? soonMs : backoffMs(session.tries++, { baseMs: soonMs, maxMs }, waits.next);
  };

  const connect = (session: Session): void => {
    if (!session.process.alive() || session.connected) return;
    if (!reachable(session)) {
      session.process.after(waitOf(session), 'connect', () => connect(session));
      return;
    }
    session.tries = 0;
    session.epoch += 1;
    session.connected = true;
    session.sound = true;
    session.lastDeliveryMs = world.nowMs();
    for (const follower of session.followers) startReading(session, follower);
    session.handlers.connected(true);
  };

  const breakOff = (session: Session): void => {
    if (!session.sound) return;
    session.sound = false;
    session.epoch += 1;
    session.process.after(random.below(faults().noticeMs) + 10, 'connection lost', () => {
      session.connected = false;
      session.handlers.connected(false);
      session.process.after(250 + random.below(1_000), 'connect', () => connect(session));
    });
  };

  const change = (bucket: string, key: string, text: string | undefined): number => {
    revision += 1;
    const records = bucketOf(bucket);
    if (text === undefined) {
      records.delete(key);
      return revision;
    }
    const record = { key, text, revision };
    // Re-inserted, so that a whole reading comes in the order of the last writes, as a stream gives it.
    records.delete(key);
    records.set(key, record);
    for (const session of sessions) {
      if (!session.sound) continue;
      for (const follower of session.followers) {
        if (follower.bucket === bucket && key.startsWith(follower.prefix))
          deliver(session, `${bucket} ${key}`, () => follower.record(record));
      }
    }
    return revision;
  };

  const request = <T>(session: Session, what: string, run: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const cancel = session.process.after(requestTimeoutMs, `${what} timed out`, () => reject(new Error('TIMEOUT')));
      if (!session.sound) return;
      const { epoch } = session;
      const start = starts;
      // The request travels on even when its sender dies.
      world.after(latency(), `${what} arrives`, () => {
        if (!isUp || start !== starts || cuts.has(session.link)) return;
        const answer = run();
        session.process.after(latency(), `${what} answered`, () => {
          if (session.epoch !== epoch || !reachable(session)) return;
          cancel();
          resolve(answer);
        });
      });
    });

  const sendCore = (session: Session, subject: string, text: string): void => {
    const { dropPercent, duplicatePercent } = faults();
    const copies = random.chance(dropPercent) ? 0 : random.chance(duplicatePercent) ? 2 : 1;
    const delays = Array.from({ length: copies }, latency);
    const inRow = delays.every((delayMs) => delayMs >= lateMs) ? (missed.get(subject) ?? 0) + 1 : 0;
    missed.set(subject, inRow);
    if (inRow >= badLuckMin) badLuck(session.link);
    const start = starts;
    for (const delayMs of delays) {
      world.after(delayMs, subject, () => {
        if (!isUp || start !== starts || cuts.has(session.link)) return;
        for (const other of sessions) {
          if (other.sound && other.hears(subject) && reachable(other))
            other.process.hand(subject, () => other.handlers.message(subject, text));
        }
      });
    }
  };

  const join: Broker['join'] = (process, link, hears, handlers) => {
    const session: Session = {
      process,
      link,
      hears,
      handlers,
      followers: [],
      tries: 0,
      epoch: 0,
      connected: false,
      sound: false,
      lastDeliveryMs: 0,
    };
    // Places of the dead are cleared away, so that the list stays short.
    for (const dead of sessions.filter((other) => !other.process.alive())) sessions.splice(sessions.indexOf(dead), 1);
    sessions.push(session);
    process.after(random.below(100), 'connect', () => connect(session));
    return {
      connected: () => session.connected,
      publish: (subject, text) => {
        if (session.connected && session.sound) sendCore(session, subject, text);
      },
      put: (bucket, key, text) => request(session, `put ${bucket} ${key}`, () => change(bucket, key, text)),
      purge: (bucket, keyOrPrefix) =>
        request(session, `purge ${bucket} ${keyOrPrefix}`, () => {
          const keys = keyOrPrefix.endsWith('.')
            ? [...bucketOf(bucket).keys()].filter((key) => key.startsWith(keyOrPrefix))
            : [keyOrPrefix];
          for (const key of keys) change(bucket, key, undefined);
        }),
      follow: (follower) => {
        session.followers.push(follower);
        if (session.connected && session.sound) startReading(session, follower);
      },
    };
  };

  return {
    join,
    isUp: () => isUp,
    crash: (downMs) => {
      isUp = false;
      starts += 1;
      world.say('broker crashed');
      for (const session of sessions) breakOff(session);
      world.after(downMs, 'broker starts', () => {
        isUp = true;
        world.say('broker is back');
      });
    },
    cut: (link) => {
      cuts.add(link);
      // A link that is cut and mended before anybody sends loses nothing; the rest breaks with the first message.
      for (const session of sessions) if (session.link === link && random.chance(70)) breakOff(session);
    },
    mend: (link) => cuts.delete(link),
    read: bucketOf,
    forge: () => {
      const keys = [...bucketOf('work').keys()];
      if (keys.length === 0) return;
      const key = random.pick(keys);
      world.say(`work ${key} is overwritten at the broker`);
      change('work', key, forged);
    },
  };
};
