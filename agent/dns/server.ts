/** @module The name server of an agent: UDP and TCP on one address, answering from the zones it was given last. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { makePacedLog, type RuntimeEnv } from '../../shared/lib/index.ts';
import { type CompiledZone, compileZones, type DnsZone } from '../../shared/traffic/dns/index.ts';
import { createAllowances, verdictOf } from './limiter.ts';
import { type Outcome, replyTo, type Transport } from './message.ts';
import { networkOf } from './network.ts';
import { createPlaces } from './places.ts';
import { serveStream } from './stream.ts';

/** What the server needs of the world. */
export type DnsServerEnv = Pick<RuntimeEnv, 'random' | 'monotonicMs' | 'setTimer' | 'log'>;

/** A name server that runs. */
export type DnsServer = {
  readonly address: { readonly host: string; readonly port: number };
  /** Answers from these zones from now on. @throws RangeError naming the field that is wrong; the present zones stay. */
  readonly setZones: (zones: readonly DnsZone[]) => void;
  readonly close: () => Promise<void>;
};

/** What clients are refused for, besides their messages, and what happens then. */
const refusals = {
  Flood: 'more datagrams than one network is answered: every other answer is cut short, the rest is dropped',
  StreamFlood: 'more queries over TCP than one network is answered: they wait',
  NetworkFull: 'more connections than one network may have: closed',
  Evicted: 'all connections were taken: the one that was silent for longest was closed',
  TooLong: 'a query over TCP of an absurd length: the connection was closed',
} as const;

/** What becomes of messages that are not answered as they wish; SERVFAIL is the state of this server, not of the client. */
const outcomes: Partial<Readonly<Record<Outcome, string>>> = {
  FORMERR: 'a message that cannot be read',
  NOTIMP: 'an operation that name servers of services have none of',
  BADVERS: 'another version of EDNS',
  REFUSED: 'a name of no zone of this cluster: look at what the resolver forwards here',
  dropped: 'an answer, or less than a message',
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
 * Starts a name server; before {@link DnsServer.setZones} it answers SERVFAIL, so that resolvers ask another one. Whom it refuses what is
 * logged, at most once a minute for each cause.
 *
 * @throws with the address when it is taken.
 */
export const startDnsServer = async (options: { host: string; port: number; env: DnsServerEnv }): Promise<DnsServer> => {
  const { host, env } = options;
  const refused = makePacedLog(env, 'the name server refused a client');
  const refuse = (reason: keyof typeof refusals, network: string): void =>
    refused.note(reason, { reason, network, message: refusals[reason] });
  let zones: readonly CompiledZone[] | undefined;
  const reply = (query: Buffer, transport: Transport, address: string): Buffer | undefined => {
    const { bytes, outcome } = replyTo(zones, query, transport, env.random);
    const message = outcomes[outcome];
    if (message !== undefined) refused.note(outcome, { reason: outcome, network: networkOf(address), message });
    return bytes;
  };

  const ofDatagrams = createAllowances();
  const answerDatagram = (query: Buffer, address: string): Buffer | undefined => {
    const verdict = verdictOf(ofDatagrams(address, env.monotonicMs()));
    if (verdict !== 'answer') refuse('Flood', networkOf(address));
    if (verdict === 'drop') return undefined;
    const bytes = reply(query, 'udp', address);
    return bytes !== undefined && verdict === 'truncate' ? cutShort(bytes) : bytes;
  };

  const ofStreams = createAllowances();
  const places = createPlaces((network) => refuse('Evicted', network));
  const serve = (socket: Socket): void => {
    const { remoteAddress: address } = socket;
    const place = address === undefined ? undefined : places.take(address, () => socket.destroy());
    if (address === undefined || place === undefined) {
      if (address !== undefined) refuse('NetworkFull', networkOf(address));
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    socket.once('close', place.leave);
    serveStream(socket, {
      setTimer: env.setTimer,
      reply: (query) => reply(query, 'tcp', address),
      waitMs: () => {
        const { waitMs } = ofStreams(address, env.monotonicMs());
        if (waitMs > 0) refuse('StreamFlood', networkOf(address));
        return waitMs;
      },
      onData: place.touch,
      onAbsurd: () => refuse('TooLong', networkOf(address)),
    });
  };

  const tcp = createServer({ noDelay: true }, serve);
  const port = await listenTcp(tcp, host, options.port);
  const udp = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  udp.on('message', (query, from) => {
    const bytes = answerDatagram(query, from.address);
    if (bytes !== undefined) udp.send(bytes, from.port, from.address, () => undefined);
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
    close: async () => {
      const ended = [once(tcp, 'close'), once(udp, 'close')];
      tcp.close();
      udp.close();
      refused.close();
      places.closeAll();
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
