/** @module Direct datagrams between agents (UDP): the second channel, which needs neither broker nor hub. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { createDatagramMeter, type Dropped } from './datagram-meter.ts';

/** An open socket. */
export type Datagrams = {
  readonly port: number;
  /** Best effort; `address` is `host:port` or `[v6]:port`. */
  readonly send: (address: string, packet: Uint8Array) => void;
  readonly close: () => Promise<void>;
};

/** Larger datagrams are none of ours. */
const bytesMax = 1_400;
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

/** What is dropped before it is looked at, and why. */
const droppedText: Readonly<Record<Dropped | 'TooLarge', string>> = {
  TooLarge: 'larger than any datagram of ours',
  PlaceFlood: 'more than one place may send in a second',
  StrangersFlood: 'more in a second than those who are no peer of the membership may send together',
  Flood: 'more than is looked at in a second',
};

/** An IPv4 address as a socket for both families shows it is the same address. */
const plain = (address: string): string => address.replace(/^::ffff:/, '');

/** Opens a socket and hands on what comes. @throws Error when the address cannot be listened on. */
export const openDatagrams = async (options: {
  readonly host: string;
  readonly port: number;
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'log'>;
  readonly onPacket: (packet: Uint8Array) => void;
  /** The peer of whose present life a packet says to be, unchecked: there is room for it in any flood. */
  readonly claimant: (packet: Uint8Array) => string | undefined;
  /** A datagram was dropped unread. */
  readonly onDropped: (why: { readonly reason: string; readonly message: string }) => void;
  /** What peers are reached by, as {@link Datagrams.send} takes it: what comes from there comes before what strangers send. */
  readonly peers: () => readonly string[];
}): Promise<Datagrams> => {
  const { monotonicMs, log } = options.env;
  const family = isIP(options.host) === 6 ? 6 : 4;
  const socket: Socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const resolve = makeResolver(monotonicMs, family);
  const meter = createDatagramMeter(() =>
    options.peers().flatMap((peer) => {
      const host = partsOf(peer)?.host;
      const address = host === undefined ? undefined : resolve(host);
      return address === undefined ? [] : [plain(address)];
    }),
  );
  socket.on('message', (packet, { address }) => {
    const from = plain(address);
    const reason = packet.length > bytesMax ? 'TooLarge' : meter(from, monotonicMs(), () => options.claimant(packet));
    if (reason === undefined) options.onPacket(packet);
    else options.onDropped({ reason, message: `${droppedText[reason]}; from ${from}` });
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
    close: () => new Promise((closed) => socket.close(() => closed())),
  };
};
