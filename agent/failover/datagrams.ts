/** @module Direct datagrams between agents (UDP): the second channel, which needs neither broker nor hub. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { RuntimeEnv } from '../../shared/lib/index.ts';

/** An open socket. */
export type Datagrams = {
  readonly port: number;
  /** Best effort; `address` is `host:port` or `[v6]:port`. */
  readonly send: (address: string, packet: Uint8Array) => void;
  /** Packets dropped before anything was looked at: too large, or too many from one place. */
  readonly dropped: () => number;
  readonly close: () => Promise<void>;
};

/** Larger datagrams are none of ours. */
const bytesMax = 1_400;
/** A peer sends ten packets a second and some; checking a signature costs 0.1 ms, so one place can take a few percent of a core at most. */
const perSecondMax = 400;
const placesMax = 1_024;
const resolvedMsMax = 30_000;
const namesMax = 1_024;

/** `host:port` in its parts; undefined when it is none. */
export const partsOf = (address: string): { host: string; port: number } | undefined => {
  const [, host = '', port = ''] = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(address) ?? [];
  const number = Number(port);
  return host === '' || number < 1 || number > 65_535 ? undefined : { host: host.replace(/^\[|\]$/g, ''), port: number };
};

/** Names to addresses, looked up in the background: a slow resolver must not hold a beat back. */
const makeResolver = (nowMs: () => number, family: 4 | 6) => {
  const known = new Map<string, { address: string | undefined; untilMs: number }>();
  return (host: string): string | undefined => {
    if (isIP(host) !== 0) return host;
    const entry = known.get(host);
    if (entry !== undefined && entry.untilMs > nowMs()) return entry.address;
    if (known.size >= namesMax) known.clear();
    known.set(host, { address: entry?.address, untilMs: nowMs() + resolvedMsMax });
    lookup(host, { family }, (error, address) => {
      if (error === null) known.set(host, { address, untilMs: nowMs() + resolvedMsMax });
    });
    return entry?.address;
  };
};

/** Opens a socket and hands on what comes. @throws Error when the address cannot be listened on. */
export const openDatagrams = async (options: {
  readonly host: string;
  readonly port: number;
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'log'>;
  readonly onPacket: (packet: Uint8Array) => void;
}): Promise<Datagrams> => {
  const { monotonicMs, log } = options.env;
  const family = isIP(options.host) === 6 ? 6 : 4;
  const socket: Socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const resolve = makeResolver(monotonicMs, family);
  let dropped = 0;
  let secondMs = monotonicMs();
  let counts = new Map<string, number>();
  socket.on('message', (packet, { address }) => {
    if (monotonicMs() - secondMs >= 1_000) {
      secondMs = monotonicMs();
      counts = new Map();
    }
    const place = counts.has(address) || counts.size < placesMax ? address : 'others';
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    if (packet.length > bytesMax || count > perSecondMax) dropped += 1;
    else options.onPacket(packet);
  });
  await new Promise<void>((ready, fail) => {
    socket.once('error', fail);
    socket.bind(options.port, options.host, () => {
      socket.off('error', fail);
      ready();
    });
  }).catch((cause: unknown) => {
    throw new Error(`cannot listen for datagrams of other clusters on ${options.host}:${options.port}: choose another address or port`, {
      cause,
    });
  });
  // Ports that nobody listens on, routes that are gone: what a lost datagram is.
  socket.on('error', (error) => log.debug('a datagram could not be sent', { error: error.message }));
  return {
    port: socket.address().port,
    send: (address, packet) => {
      const parts = partsOf(address);
      const host = parts === undefined ? undefined : resolve(parts.host);
      if (parts === undefined || host === undefined) return;
      socket.send(packet, parts.port, host, () => undefined);
    },
    dropped: () => dropped,
    close: () => new Promise((closed) => socket.close(() => closed())),
  };
};
