/** @module Networks of clients, and who may keep a connection open. */
import { expect, test } from 'vitest';
import { networkOf } from './network.ts';
import { connectionsMax, connectionsPerNetworkMax, createPlaces } from './places.ts';

test.each([
  ['192.0.2.1', '192.0.2.254', true],
  ['192.0.2.1', '::ffff:192.0.2.9', true],
  ['192.0.2.1', '192.0.3.1', false],
  ['2001:db8::1', '2001:db8::2', true],
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['2001:db8::1', '2001:DB8::ffff:1', true],
  ['2001:db8:0:aa00::1', '2001:db8:0:aaff::1', true],
  ['2001:db8:0:aa00::1', '2001:db8:0:ab00::1', false],
  ['2001:db8:1::', '2001:db8:2::', false],
  ['::1', '2001:db8::1', false],
  ['fe80::1%eth0', 'fe80::2%eth1', true],
  ['64:ff9b::192.0.2.1', '64:ff9b::198.51.100.1', true],
])('%s and %s are of one network: %s', (a, b, isOne) => {
  expect(networkOf(a) === networkOf(b)).toBe(isOne);
});

test('a network has so many places at most, and a place that is left is free again', () => {
  const places = createPlaces(() => undefined);
  const taken = Array.from({ length: connectionsPerNetworkMax }, (_, at) => places.take(`192.0.2.${at}`, () => undefined));
  expect(places.take('192.0.2.1', () => undefined)).toBeUndefined();
  expect(places.take('192.0.3.1', () => undefined)).toBeDefined();
  taken[0]?.leave();
  taken[0]?.leave();
  expect(places.take('192.0.2.1', () => undefined)).toBeDefined();
  expect(places.take('192.0.2.1', () => undefined)).toBeUndefined();
});

test('when all places are taken the one that has been silent for longest gives way', () => {
  const evicted: string[] = [];
  const closed: number[] = [];
  const places = createPlaces((network) => evicted.push(network));
  const taken = Array.from({ length: connectionsMax }, (_, at) => places.take(`10.0.${at}.1`, () => closed.push(at)));
  taken[0]?.touch();
  expect(places.take('192.0.2.1', () => undefined)).toBeDefined();
  expect([closed, evicted]).toEqual([[1], ['10.0.1.0/24']]);
});
