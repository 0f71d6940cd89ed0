/** @module The name server of an agent: UDP and TCP on one address, answering from the zones it was given last. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type CompiledZone, compileZones, type DnsZone } from '../../shared/traffic/dns/index.ts';
import { createLimiter } from './limiter.ts';
import { type Outcome, replyTo } from './message.ts';

/** Connections at once; one more is closed at once. */
export const connectionsMax = 200;

/** A connection that says nothing for so long is closed (RFC 7766 §6.2.3 asks for seconds). */
export const idleMsMax = 10_000;

/** A query over TCP longer than this closes the connection: ours fit in far less. */
const queryLengthMax = 4_096;

/** What the server needs of the world. */
export type DnsServerEnv = {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A monotonic clock. */
  readonly monotonicMs: () => number;
};

/** Counts since the start, by outcome and by what was held back. */
export type DnsCounts = Readonly<Record<Outcome | 'limited' | 'truncated', number>>;

/** A name server that runs. */
export type DnsServer = {
  readonly address: { readonly host: string; readonly port: number };
  /** Answers from these zones from now on. @throws RangeError naming the field that is wrong; the present zones stay. */
  readonly setZones: (zones: readonly DnsZone[]) => void;
  readonly counts: () => DnsCounts;
  readonly close: () => Promise<void>;
};

const truncatedBit = 0x02;

/** The reply to a sender over its rate: header with the truncated bit alone. */
const cutShort = (bytes: Buffer): Buffer => {
  const cut = Buffer.from(bytes.subarray(0, 12));
  cut.writeUInt8(cut.readUInt8(2) | truncatedBit, 2);
  cut.fill(0, 4);
  return cut;
};

/**
 * Starts a name server; before {@link DnsServer.setZones} it answers SERVFAIL, so that resolvers ask another one.
 *
 * @throws with the address when it is taken.
 */
export const startDnsServer = async (options: { host: string; port: number; env: DnsServerEnv }): Promise<DnsServer> => {
  const { host, env } = options;
  const counts: Record<Outcome | 'limited' | 'truncated', number> = {
    NOERROR: 0,
    FORMERR: 0,
    SERVFAIL: 0,
    NXDOMAIN: 0,
    NOTIMP: 0,
    REFUSED: 0,
    BADVERS: 0,
    dropped: 0,
    limited: 0,
    truncated: 0,
  };
  let zones: readonly CompiledZone[] | undefined;
  const verdictOf = createLimiter();
  const reply = (query: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined => {
    const { bytes, outcome, truncated } = replyTo(zones, query, transport, env.random);
    counts[outcome]++;
    if (truncated) counts.truncated++;
    return bytes;
  };

  const tcp = createServer({ noDelay: true }, (socket) => serveConnection(socket, (query) => reply(query, 'tcp')));
  tcp.maxConnections = connectionsMax;
  const open = new Set<Socket>();
  tcp.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const port = await listenTcp(tcp, host, options.port);
  const udp = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  udp.on('message', (query, from) => {
    const verdict = verdictOf(from.address, env.monotonicMs());
    if (verdict !== 'answer') counts.limited++;
    if (verdict === 'drop') return;
    const bytes = reply(query, 'udp');
    if (bytes !== undefined) udp.send(verdict === 'truncate' ? cutShort(bytes) : bytes, from.port, from.address, () => undefined);
  });
  try {
    await bindUdp(udp, host, port);
  } catch (error) {
    tcp.close();
    throw error;
  }
  return {
    address: { host, port },
    setZones: (next) => {
      zones = compileZones(next);
    },
    counts: () => ({ ...counts }),
    close: async () => {
      const ended = [once(tcp, 'close'), once(udp, 'close')];
      tcp.close();
      udp.close();
      for (const socket of open) socket.destroy();
      await Promise.all(ended);
    },
  };
};

const listenTcp = async (server: Server, host: string, port: number): Promise<number> => {
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new Error(`the name server cannot listen on ${host}:${port} (TCP)`, { cause });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
};

const bindUdp = async (socket: UdpSocket, host: string, port: number): Promise<void> => {
  socket.bind(port, host);
  await once(socket, 'listening').catch((cause: unknown) => {
    throw new Error(`the name server cannot listen on ${host}:${port} (UDP)`, { cause });
  });
};

/** Queries with a length before each (RFC 1035 §4.2.2), answered in the order they come. */
const serveConnection = (socket: Socket, reply: (query: Buffer) => Buffer | undefined): void => {
  let held: Buffer = Buffer.alloc(0);
  socket.setTimeout(idleMsMax, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2) {
      const length = held.readUInt16BE(0);
      if (length > queryLengthMax) {
        socket.destroy();
        return;
      }
      if (held.length < 2 + length) return;
      const bytes = reply(held.subarray(2, 2 + length));
      held = held.subarray(2 + length);
      if (bytes === undefined) continue;
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(bytes.length);
      socket.write(Buffer.concat([prefix, bytes]));
    }
  });
};
