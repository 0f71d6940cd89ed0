/** @module Ports of the node that a pod takes, with the defaults of core/v1. */
import { expect, it } from 'vitest';
import { hostPortsOf } from './pod-terms.ts';

it.each<[string, object, object]>([
  [
    'an empty protocol is TCP, an empty address all of them',
    { hostPort: 80, protocol: '', hostIP: '' },
    { ip: '0.0.0.0', protocol: 'TCP', port: 80 },
  ],
  ['null is absent', { hostPort: 80, protocol: null, hostIP: null }, { ip: '0.0.0.0', protocol: 'TCP', port: 80 }],
  [
    'on the network of the host a port of 0 is that of the container',
    { hostPort: 0, containerPort: 90 },
    { ip: '0.0.0.0', protocol: 'TCP', port: 90 },
  ],
])('%s', (_, port, expected) => {
  expect(hostPortsOf({ hostNetwork: true, containers: [{ ports: [port] }] })).toEqual([expected]);
});

it('a port of 0 is none on the network of the pod', () => {
  expect(hostPortsOf({ containers: [{ ports: [{ hostPort: 0, containerPort: 90 }] }] })).toEqual([]);
});
