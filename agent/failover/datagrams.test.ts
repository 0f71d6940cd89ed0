/** @module Which datagrams are looked at: peers before strangers, and of nobody more than the process can bear. */
import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { createDatagramMeter, datagramLimits } from './datagram-meter.ts';
import { openDatagrams } from './datagrams.ts';

const nobody = (): undefined => undefined;

/** How many of so many datagrams from each place are looked at, the places one after the other. */
const lookedAt = (meter: ReturnType<typeof createDatagramMeter>, places: readonly string[], each: number, nowMs: number): number =>
  places.flatMap((place) => Array.from({ length: each }, () => meter(place, nowMs, nobody))).filter((dropped) => dropped === undefined)
    .length;
const placesOf = (network: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${network}.${at >> 8}.${at & 255}`);

test('strangers from however many places take nothing from peers, and no more than their share of the processor', () => {
  const peers = placesOf('10.1', 20);
  const meter = createDatagramMeter(() => peers);
  expect(lookedAt(meter, placesOf('203.0', 2_000), 20, 0)).toBe(datagramLimits.fromStrangers);
  expect(lookedAt(meter, peers, 100, 900)).toBe(2_000);
  expect(lookedAt(meter, placesOf('203.1', 2_000), 20, 1_000)).toBe(datagramLimits.fromStrangers);
});

test('one place is bounded, a peer too, whoever may have forged its address', () => {
  const peers = placesOf('10.1', 100);
  const meter = createDatagramMeter(() => peers);
  expect(lookedAt(meter, peers.slice(0, 1), 1_000, 0)).toBe(datagramLimits.perPlace);
  expect(lookedAt(meter, ['203.0.0.1'], 1_000, 0)).toBe(datagramLimits.perPlace);
  expect(lookedAt(meter, peers.slice(1), 1_000, 0)).toBe(datagramLimits.inAll - 2 * datagramLimits.perPlace);
});

test('garbage from the place of peers keeps out nothing that says to be of their present life, of each as much as a peer sends', () => {
  const meter = createDatagramMeter(() => ['10.0.0.1']);
  const lookedAtOf = (claimant: string | undefined, count: number): number =>
    Array.from({ length: count }, () => meter('10.0.0.1', 0, () => claimant)).filter((dropped) => dropped === undefined).length;
  expect(lookedAtOf(undefined, 20_000)).toBe(datagramLimits.perPlace);
  for (const name of ['a', 'b', 'c']) expect(lookedAtOf(name, 30)).toBe(30);
  expect(lookedAtOf('a', 1_000)).toBe(datagramLimits.perClaimant - 30);
  expect(lookedAtOf('b', 10)).toBe(10);
  // Whoever reads the packets of all peers, and forges what they say, takes no more of the processor.
  const forged = Array.from({ length: 500 }, (_, at) => lookedAtOf(`m${at}`, 30)).reduce((sum, count) => sum + count, 0);
  expect(forged).toBe(datagramLimits.ofClaimants - datagramLimits.perClaimant - 70);
});

test('what is dropped is told of, and what is not arrives', async () => {
  const told: unknown[] = [];
  const packets: number[] = [];
  const env = nodeEnv(silentLog);
  const listen = { host: '127.0.0.1', port: 0, claimant: nobody, peers: () => ['127.0.0.1:1', 'not an address'] };
  const datagrams = await openDatagrams({
    ...listen,
    env,
    onPacket: (packet) => packets.push(packet.length),
    onDropped: (why) => told.push(why),
  });
  const socket = createSocket('udp4');
  const send = (bytes: number): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(Buffer.alloc(bytes), datagrams.port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  await send(1_401);
  await send(1_400);
  await expect.poll(() => packets).toEqual([1_400]);
  expect(told).toEqual([{ reason: 'TooLarge', message: 'larger than any datagram of ours; from 127.0.0.1' }]);
  socket.close();
  await datagrams.close();
});
