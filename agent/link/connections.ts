/** @module The connection that is current: one takes the place of another without a gap, and a lost one is given up after a while. */
import { ErrorCode, type NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import type { Admitted } from './key-store.ts';
import type { Live } from './live.ts';
import { endSession } from './session.ts';
import type { StateBoard } from './state-board.ts';
import { natsTrouble, type Trouble } from './trouble.ts';

/** A connection lost for this long is given up, so that the hub can be asked for another address. */
const lostMsMax = 30_000;

export type ConnectionsOptions = { readonly env: RuntimeEnv; readonly live: Live; readonly board: StateBoard };

/** What a broker says before it ends a connection of its own will: the credential was revoked or has expired, or the account is gone. */
const dismissals: ReadonlySet<string> = new Set([ErrorCode.ProtocolError, ErrorCode.AuthorizationViolation, ErrorCode.AccountExpired]);

/** Why a connection ended; `byBroker` = the broker ended it, and the hub most likely knows why. */
export type Ended = Trouble & { readonly byBroker: boolean };

/** The holder of the current connection. */
export interface Connections {
  current(): NatsConnection | undefined;
  /** Puts a connection in the place of the one before, which is drained: nothing is lost in between. */
  take(next: NatsConnection, by: Admitted): void;
  /** Resolves when the current connection, or the one that took its place meanwhile, has ended; with why. */
  ended(): Promise<Ended>;
  stop(): Promise<void>;
}

/** Nothing is current yet. */
export const makeConnections = ({ env, live, board }: ConnectionsOptions): Connections => {
  let current: NatsConnection | undefined;
  let urls: readonly string[] = [];
  let isUp = false;
  let stopped = false;
  const dismissed = new WeakSet<NatsConnection>();

  const follow = async (on: NatsConnection): Promise<void> => {
    let cancelGiveUp: () => void = () => undefined;
    let lastWord = '';
    for await (const { type, data } of on.status()) {
      if (on !== current || stopped) continue;
      if (type === 'error') lastWord = String(data);
      if (type === 'disconnect') {
        isUp = false;
        live.setUp(false);
        if (dismissals.has(lastWord)) {
          dismissed.add(on);
          void on.close();
          continue;
        }
        board.set('Disconnected', 'lost the NATS broker; connecting again', 'NatsUnreachable');
        cancelGiveUp();
        cancelGiveUp = env.setTimer(lostMsMax, () => void on.close());
      }
      if (type === 'reconnect') {
        lastWord = '';
        cancelGiveUp();
        isUp = true;
        live.setUp(true);
        board.set('Connected', `connected to ${on.getServer()}`);
      }
    }
    cancelGiveUp();
  };

  return {
    current: () => current,
    take: (next, by) => {
      const before = current;
      current = next;
      isUp = true;
      urls = by.natsUrls;
      live.use(next, by);
      void follow(next);
      board.set('Connected', `connected to ${next.getServer()}`);
      if (before !== undefined) void endSession(env, before);
    },
    ended: async () => {
      for (;;) {
        const watched = current;
        const why = await watched?.closed();
        if (watched !== current) continue;
        live.setUp(false);
        const trouble: Trouble =
          why instanceof Error
            ? natsTrouble(why, urls)
            : { trouble: 'NatsUnreachable', message: 'the connection to the broker was lost; connecting again' };
        return { ...trouble, byBroker: watched !== undefined && dismissed.has(watched) };
      }
    },
    stop: async () => {
      stopped = true;
      if (current !== undefined) await (isUp ? endSession(env, current) : current.close());
    },
  };
};
