/** @module What of a cluster's load balancers the other clusters may look at. */
import { expect, test } from 'vitest';
import type { ServiceReport } from '../../../shared/wire/index.ts';
import { createOutsideAddresses } from './outside.ts';

const reportOf = (addresses: readonly string[], protocol: 'TCP' | 'UDP' = 'TCP'): ServiceReport => ({
  service: { type: 'ClusterSetIP', ports: [{ name: '', protocol, port: 443 }], sessionAffinity: 'None', ipFamilies: ['IPv4'] },
  addresses,
  sets: [],
  leftOut: 0,
});

test('the TCP ports at the addresses of its load balancers, two at most', () => {
  const outside = createOutsideAddresses();
  expect(outside.take('eu', 'shop/web', reportOf(['203.0.113.7']))).toBe(true);
  expect(outside.take('eu', 'shop/web', reportOf(['203.0.113.7']))).toBe(false);
  outside.take('eu', 'shop/api', reportOf(['2001:db8::1', 'lb.example']));
  outside.take('us', 'shop/web', reportOf(['203.0.113.9']));
  expect(outside.of('eu')).toEqual(['tcp://203.0.113.7:443', 'tcp://[2001:db8::1]:443']);
  expect(outside.take('eu', 'shop/web', undefined)).toBe(true);
  expect(outside.of('eu')).toEqual(['tcp://[2001:db8::1]:443', 'tcp://lb.example:443']);
});

test('none of a service that is reached over UDP alone, through a Gateway, or within the cluster alone', () => {
  const outside = createOutsideAddresses();
  outside.take('eu', 'dns/dns', reportOf(['203.0.113.7'], 'UDP'));
  outside.take('eu', 'shop/api', { ...reportOf(['203.0.113.8']), viaGateway: true });
  outside.take('eu', 'shop/web', reportOf([]));
  expect(outside.of('eu')).toEqual([]);
});
