/** @module The name server over real sockets: node's own resolver as the client, garbage, floods and streams. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import packet from 'dns-packet';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import type { DnsZone } from '../../shared/traffic/dns/index.ts';
import { answersPerSecondMax, burstMax } from './limiter.ts';
import { connectionsPerNetworkMax } from './places.ts';
import { type DnsServer, startDnsServer } from './server.ts';

const manyAddresses = Array.from({ length: 8 }, (_, index) => `2001:db8:0:0:0:0:0:${index + 1}`);
const zone: DnsZone = {
  origin: 'svc.example.org',
  serial: 1,
  mailbox: 'hostmaster.example.org',
  nameServers: [{ name: 'ns.svc.example.org', ipv4: ['127.0.0.1'], ipv6: [] }],
  services: [
    {
      name: 'web.svc.example.org',
      ttlSeconds: 5,
      policy: 'Weighted',
      backends: [{ cluster: 'east', ipv4: ['192.0.2.1', '192.0.2.2'], ipv6: [], weight: 1, order: 0 }],
      ports: [{ name: 'http', protocol: 'tcp', port: 80 }],
    },
    {
      name: 'wide.svc.example.org',
      ttlSeconds: 5,
      policy: 'Weighted',
      backends: Array.from({ length: 9 }, (_, index) => ({
        cluster: `cluster-with-a-rather-long-name-${index}`,
        ipv4: [`192.0.2.${index}`],
        ipv6: manyAddresses,
        weight: 1,
        order: 0,
      })),
      ports: [{ name: 'http', protocol: 'tcp', port: 80 }],
    },
  ],
};

let server: DnsServer;
let monotonicMs: number;
let refused: string[];
const env: RuntimeEnv = {
  ...nodeEnv({ ...silentLog, warn: (_, fields) => void refused.push(String(fields?.reason)) }),
  random: () => 0,
  monotonicMs: () => monotonicMs,
};
beforeEach(async () => {
  monotonicMs = 0;
  refused = [];
  server = await startDnsServer({ host: '127.0.0.1', port: 0, env });
  server.setZones([zone]);
});
afterEach(() => server.close());

const resolver = (): Resolver => {
  const made = new Resolver({ timeout: 2000, tries: 1 });
  made.setServers([`127.0.0.1:${server.address.port}`]);
  return made;
};

/** Sends datagrams one by one and gives the reply to each. */
const exchange = async (...queries: Buffer[]): Promise<Buffer[]> => {
  const socket = createSocket('udp4');
  const replies: Buffer[] = [];
  for (const query of queries) {
    socket.send(query, server.address.port, '127.0.0.1');
    const [reply] = (await once(socket, 'message')) as [Buffer];
    replies.push(reply);
  }
  socket.close();
  return replies;
};

const query = (name: string, type: packet.RecordType, more: Partial<packet.Packet> = {}): Buffer =>
  packet.encode({ type: 'query', id: 42, questions: [{ type, name, class: 'IN' }], ...more });

const edns = (udpPayloadSize: number, ednsVersion = 0) => ({
  additionals: [
    { type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion, flags: 0, flag_do: false, options: [] },
  ] as packet.Answer[],
});

describe('clients', () => {
  it('resolve addresses, ports and the zone itself', async () => {
    expect(await resolver().resolve4('web.svc.example.org', { ttl: true })).toEqual([
      { address: '192.0.2.1', ttl: 5 },
      { address: '192.0.2.2', ttl: 5 },
    ]);
    expect(await resolver().resolveSrv('_http._tcp.web.svc.example.org')).toEqual([
      { type: 'SRV', name: 'east.web.svc.example.org', port: 80, priority: 0, weight: 65535 },
    ]);
    expect(await resolver().resolveSoa('svc.example.org')).toMatchObject({ nsname: 'ns.svc.example.org', serial: 1, minttl: 5 });
    await expect(resolver().resolve4('nope.svc.example.org')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver().resolve6('web.svc.example.org')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('are told by TCP what does not fit a datagram', async () => {
    const found = await resolver().resolveSrv('_http._tcp.wide.svc.example.org');
    expect(found).toHaveLength(9);
  });

  it('ask another server while this one has no zone', async () => {
    await server.close();
    server = await startDnsServer({ host: '127.0.0.1', port: 0, env });
    await expect(resolver().resolve4('web.svc.example.org')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });
});

describe('EDNS0', () => {
  it('lets an answer be longer, up to what no path fragments', async () => {
    const name = '_http._tcp.wide.svc.example.org';
    const [short, long] = await exchange(query(name, 'SRV'), query(name, 'SRV', edns(4096)));
    expect(packet.decode(short ?? Buffer.alloc(0))).toMatchObject({ flag_tc: true, answers: [] });
    const decoded = packet.decode(long ?? Buffer.alloc(0));
    expect(decoded).toMatchObject({ flag_tc: false, flag_aa: true });
    expect(decoded.answers).toHaveLength(9);
    expect(long?.length).toBeLessThanOrEqual(1232);
  });

  it('of another version is answered BADVERS', async () => {
    const [reply] = await exchange(query('web.svc.example.org', 'A', edns(1232, 1)));
    expect(packet.decode(reply ?? Buffer.alloc(0)).additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1, ednsVersion: 0 }]);
    expect(refused).toEqual(['BADVERS']);
  });
});

describe('bad input', () => {
  it('is refused, dropped or answered, and never ends the server', async () => {
    const socket = createSocket('udp4');
    const send = (bytes: Uint8Array): void => socket.send(bytes, server.address.port, '127.0.0.1');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => send(bytes)));
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.nat({ max: 255 }), (at, byte) => {
        const bytes = query('web.svc.example.org', 'A', edns(1232));
        bytes[at] = byte;
        send(bytes);
      }),
    );
    socket.close();
    monotonicMs += 60_000;
    expect(await resolver().resolve4('web.svc.example.org')).toHaveLength(2);
  });

  it.each<[string, readonly number[][], string]>([
    ['one label of bytes that are no text', [Array<number>(63).fill(0xff)], 'NXDOMAIN'],
    ['three such labels', [1, 2, 3].map(() => Array<number>(63).fill(0xff)), 'NXDOMAIN'],
    ['a dot within a label', [[...Buffer.from('east.web')]], 'NXDOMAIN'],
    ['a letter whose small one is ASCII', [[...Buffer.from('\u212a')]], 'NXDOMAIN'],
  ])('that asks for %s gets its own question back, byte by byte, and no more than every client takes', async (_, labels, code) => {
    const inZone = Buffer.concat([
      ...labels.map((label) => Buffer.from([label.length, ...label])),
      ...zone.origin.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
      Buffer.from([0, 0, 1, 0, 1]),
    ]);
    const [reply] = await exchange(Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), inZone]));
    expect(reply?.subarray(12, 12 + inZone.length)).toEqual(inZone);
    expect(reply?.length).toBeLessThanOrEqual(512);
    expect(packet.decode(reply ?? Buffer.alloc(0))).toMatchObject({ rcode: code, authorities: [{ type: 'SOA', name: zone.origin }] });
  });

  it('with another operation is NOTIMP, without a question FORMERR, an answer is dropped', async () => {
    const notify = query('web.svc.example.org', 'A');
    notify.writeUInt16BE(0x2000, 2);
    const empty = packet.encode({ type: 'query', id: 1, questions: [] });
    const response = query('web.svc.example.org', 'A');
    response.writeUInt16BE(0x8000, 2);
    const socket = createSocket('udp4');
    socket.send(response, server.address.port, '127.0.0.1');
    const [first, second] = await exchange(notify, empty);
    socket.close();
    expect([first?.readUInt16BE(2), second?.readUInt16BE(2)].map((flags) => (flags ?? 0) & 0xf)).toEqual([4, 1]);
    expect(refused).toEqual(['dropped', 'NOTIMP', 'FORMERR']);
  });

  it('of a zone leaves the present one in place', async () => {
    expect(() => server.setZones([{ ...zone, nameServers: [] }])).toThrow('nameServers: is empty');
    expect(await resolver().resolve4('web.svc.example.org')).toHaveLength(2);
  });

  it('by TCP with an absurd length closes the connection', async () => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0xff, 0xff, 1, 2, 3]));
    await once(socket, 'close');
    expect(refused).toEqual(['TooLong']);
  });
});

it('a flood from one network is cut short and dropped, and another network does not notice', async () => {
  const flood = Array.from({ length: 2 * answersPerSecondMax }, () => query('web.svc.example.org', 'A'));
  await exchange(...flood);
  const [cut] = await exchange(query('web.svc.example.org', 'A'));
  expect(packet.decode(cut ?? Buffer.alloc(0))).toMatchObject({ flag_tc: true, answers: [] });
  expect(refused).toEqual(['Flood']);
  monotonicMs += 1000;
  expect(await resolver().resolve4('web.svc.example.org')).toHaveLength(2);
});

it('a taken port is said with its address', async () => {
  await expect(startDnsServer({ host: '127.0.0.1', port: server.address.port, env })).rejects.toThrow(
    `the name server cannot listen on 127.0.0.1:${server.address.port} (TCP)`,
  );
});

describe('by TCP', () => {
  const framed = (bytes: Buffer): Buffer => {
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16BE(bytes.length);
    return Buffer.concat([prefix, bytes]);
  };
  const open = async (): Promise<Socket> => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  /** Answers that came so far, counted as they come. */
  const answersOf = (socket: Socket): (() => number) => {
    let count = 0;
    let held: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (; held.length >= 2 && held.length >= 2 + held.readUInt16BE(0); count++) held = held.subarray(2 + held.readUInt16BE(0));
    });
    return () => count;
  };

  it('a network is answered at its rate: what is above waits, nothing is lost, and datagrams of forged senders take nothing of it', async () => {
    await exchange(...Array.from({ length: burstMax + 1 }, () => query('web.svc.example.org', 'A')));
    const socket = await open();
    const answers = answersOf(socket);
    const asked = burstMax + answersPerSecondMax + 1;
    for (let at = 0; at < asked; at++) socket.write(framed(query('web.svc.example.org', 'A')));
    await expect.poll(() => refused).toEqual(['Flood', 'StreamFlood']);
    await expect.poll(answers).toBe(burstMax);
    monotonicMs += 1_000;
    await expect.poll(answers).toBe(burstMax + answersPerSecondMax);
    monotonicMs += 1_000;
    await expect.poll(answers).toBe(asked);
    socket.destroy();
  });

  it('silent connections of one network leave places to others, and one that is closed for it is told of', async () => {
    const silent = await Promise.all(Array.from({ length: connectionsPerNetworkMax }, open));
    const socket = connect(server.address.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(refused).toEqual(['NetworkFull']);
    for (const one of silent) one.destroy();
  });
});
