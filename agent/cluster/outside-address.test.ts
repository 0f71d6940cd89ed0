/** @module Which address of an API server is told to the other clusters. */
import { expect, test } from 'vitest';
import { outsideAddressOf } from './outside-address.ts';

test.each([
  ['https://203.0.113.7:6443', 'https://203.0.113.7:6443'],
  ['https://eks.example', 'https://eks.example:443'],
  ['http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
  ['https://[2001:db8::1]:6443', 'https://[2001:db8::1]:6443'],
])('of %s the others are told %s', (server, told) => {
  expect(outsideAddressOf(server)).toBe(told);
});

test.each([
  ['a name within the cluster', 'https://kubernetes.default.svc:443'],
  ['its long form', 'https://kubernetes.default.svc.cluster.local'],
  ['a proxy for many clusters, which outlives each of them', 'https://rancher.example/k8s/clusters/c-1'],
  ['every address', 'https://0.0.0.0:6443'],
  ['no address', 'nonsense'],
  ['what is no HTTP', 'tcp://203.0.113.7:6443'],
])('%s is told to nobody', (_, server) => {
  expect(outsideAddressOf(server)).toBeUndefined();
});
