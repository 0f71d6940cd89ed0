/** @module The network of namespaces does to packets what it is told, one direction at a time, and leaves nothing behind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runToEnd } from './child.ts';
import { type Network, networkLack, startNetwork } from './network.ts';

// Sends numbered datagrams to an echo and prints, as JSON, the numbers in the order their echoes came.
const sender = `
const socket = require('node:dgram').createSocket('udp4');
const [address, count] = process.argv.slice(1);
const heard = [];
const end = () => { console.log(JSON.stringify(heard)); process.exit(0); };
socket.on('message', (text) => { heard.push(Number(text)); });
let next = 0;
setInterval(() => next < Number(count) ? socket.send(String(next++), 7, address) : setTimeout(end, 700), 2);`;
const echo = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (text, from) => socket.send(text, from.port, from.address)).bind(7);`;

const lack = networkLack();
if (lack !== undefined) process.stderr.write(`skipped: the network of namespaces: ${lack}\n`);

describe.skipIf(lack !== undefined)('the network of namespaces', () => {
  let network: Network;
  const echoes: Promise<unknown>[] = [];
  const stopEchoes = new AbortController();

  beforeAll(async () => {
    network = await startNetwork({ nodes: ['a', 'b', 'c'], seed: 7 });
    for (const node of ['b', 'c']) {
      const [command, args] = network.inside(node, process.execPath, ['-e', echo]);
      echoes.push(runToEnd(command, args, { cwd: '/', signal: stopEchoes.signal }).catch(() => undefined));
    }
    // A datagram to an echo that does not run yet is lost: wait for the first that comes back.
    for (const node of ['b', 'c']) while ((await send(node, 1)).length === 0);
  });

  afterAll(async () => {
    stopEchoes.abort();
    await Promise.all(echoes);
    await network?.stop();
  });

  const send = async (to: string, count: number): Promise<number[]> => {
    const [command, args] = network.inside('a', process.execPath, ['-e', sender, network.nodes.get(to)?.address ?? '', String(count)]);
    return JSON.parse((await runToEnd(command, args, { cwd: '/' })).stdout) as number[];
  };
  const counted = async (from: string, to: string) => (await network.counts()).find((link) => link.from === from && link.to === to);

  test('an untouched link loses nothing and keeps the order', async () => {
    expect(await send('b', 50)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test('a black hole of one direction takes all of it and none of the other', async () => {
    await network.link('a', 'b', { blocked: true });
    const before = await counted('a', 'b');
    expect(await send('b', 20)).toEqual([]);
    expect((await counted('a', 'b'))?.dropped).toBe((before?.dropped ?? 0) + 20);
    expect(await send('c', 20)).toHaveLength(20);
    await network.link('a', 'b', {});
    expect(await send('b', 20)).toHaveLength(20);
  });

  test('loss takes about its share, doubles come twice, and what overtakes comes first', async () => {
    await network.link('a', 'b', { lossPercent: 50 });
    const left = (await send('b', 300)).length;
    expect(left).toBeGreaterThan(100);
    expect(left).toBeLessThan(200);
    await network.link('a', 'b', { duplicatePercent: 100 });
    expect(await send('b', 20)).toHaveLength(40);
    await network.link('a', 'b', { delayMs: 100, reorderPercent: 50 });
    const heard = await send('b', 100);
    expect(heard).toHaveLength(100);
    expect(heard).not.toEqual([...heard].sort((x, y) => x - y));
    await network.link('a', 'b', {});
  });

  test('runs of loss take neighbours together', async () => {
    await network.link('a', 'b', { burstLossPercent: 50, burstMeanMs: 100 });
    const heard = new Set(await send('b', 600));
    const lost = Array.from({ length: 600 }, (_, index) => index).filter((index) => !heard.has(index));
    const runs = lost.filter((index) => !lost.includes(index - 1)).length;
    // Single losses at the same share would make about half as many runs as losses.
    expect(lost.length).toBeGreaterThan(0);
    expect(runs).toBeLessThan(lost.length / 5);
    await network.link('a', 'b', {});
  });

  test('what no link can do is refused by name', async () => {
    await expect(network.link('a', 'b', { lossPercent: 101 })).rejects.toThrow('lossPercent: 101 is not between 0 and 100');
    await expect(network.link('a', 'nowhere', {})).rejects.toThrow('there is no node "nowhere"');
  });
});
