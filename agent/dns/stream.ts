/**
 * @module Queries on one connection, answered in the order they come: no faster than the client takes answers, than its network may have
 * them, and than leaves the process to others. Nothing is read meanwhile, so that a connection holds one reading and one answer at most.
 */
import type { Socket } from 'node:net';
import type { SetTimer } from '../../shared/lib/index.ts';

/** A connection that neither says nor takes anything for so long is closed (RFC 7766 §6.2.3 asks for seconds). */
export const idleMsMax = 10_000;

/** A query longer than this closes the connection: ours fit in far less. */
const queryLengthMax = 4_096;
/** Queries answered before others have a turn: the detector lives in the same process. */
const queriesPerTurn = 16;

/** What a connection is served with. */
export type StreamOptions = {
  readonly setTimer: SetTimer;
  /** Undefined = the query gets no answer. */
  readonly reply: (query: Buffer) => Buffer | undefined;
  /** Takes one answer from what the client may have: 0, or how long there is none. */
  readonly waitMs: () => number;
  /** It said something. */
  readonly onData: () => void;
  /** A query was absurd; the connection is closed. */
  readonly onAbsurd: () => void;
};

/** An answer with its length before it (RFC 1035 §4.2.2). */
const framed = (bytes: Buffer): Buffer => {
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
};

/** Serves a connection until it ends. */
export const serveStream = (socket: Socket, { setTimer, reply, waitMs, onData, onAbsurd }: StreamOptions): void => {
  let held: Buffer = Buffer.alloc(0);
  let cancel = (): void => undefined;
  const later = (delayMs: number): void => {
    cancel = setTimer(delayMs, pump);
  };
  /** The next query in what was read; undefined = there is none yet. */
  const first = (): Buffer | undefined => {
    if (held.length < 2) return undefined;
    const length = held.readUInt16BE(0);
    if (length > queryLengthMax) {
      onAbsurd();
      socket.destroy();
    }
    return socket.destroyed || held.length < 2 + length ? undefined : held.subarray(2, 2 + length);
  };
  const pump = (): void => {
    for (let turn = 0; turn < queriesPerTurn; turn++) {
      const query = first();
      if (query === undefined) {
        socket.resume();
        return;
      }
      const delayMs = waitMs();
      if (delayMs > 0) {
        later(delayMs);
        return;
      }
      held = held.subarray(2 + query.length);
      const bytes = reply(query);
      if (bytes !== undefined && !socket.write(framed(bytes))) {
        socket.once('drain', pump);
        return;
      }
    }
    later(0);
  };
  socket.setTimeout(idleMsMax, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('close', () => cancel());
  socket.on('data', (chunk: Buffer) => {
    onData();
    socket.pause();
    held = Buffer.concat([held, chunk]);
    pump();
  });
};
