/** @module What the agents are told of each cluster. */
import { expect, test } from 'vitest';
import type { Cluster } from '../../../shared/api/index.ts';
import { type MemberSource, membersOf } from './membership.ts';

const cluster: Cluster = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name: 'a' },
  spec: { admission: 'Approved' },
  status: {
    agent: { publicKey: 'UA', sealingKey: 'k', joinedAt: '2030-01-01T00:00:00Z' },
    addresses: { apiServer: 'https://a.example:6443' },
  },
};
const source: MemberSource = { cluster, meshAddresses: ['a.example:7472'], labels: {}, liveness: { is: 'Heard' } };
const told = (change: Partial<MemberSource> = {}) => membersOf([{ ...source, ...change }], {}, 'UHUB').members[0];

test('where datagrams reach it, and where it can be looked at from outside although nobody wrote it', () => {
  expect(told()).toMatchObject({ addresses: ['a.example:7472'], probes: [{ role: 'APIServer', url: 'https://a.example:6443/readyz' }] });
});

test('that it is given up, for as long as it is', () => {
  const givenUp = { ...cluster, status: { ...cluster.status, givenUpSince: '2030-01-01T00:00:00Z' } };
  expect(told({ cluster: givenUp })).toMatchObject({ isLost: true });
  expect(told()).not.toHaveProperty('isLost');
});

test('that it is given up when a person drains it while nobody at the hub hears it, and not for a drain or a silence alone', () => {
  const drained = { ...cluster, spec: { ...cluster.spec, drain: {} } };
  expect(told({ cluster: drained, liveness: { is: 'Unwitnessed' } })).toMatchObject({ isLost: true });
  expect(told({ cluster: drained })).not.toHaveProperty('isLost');
  expect(told({ cluster: drained })).toMatchObject({ isDrained: true });
  expect(told({ liveness: { is: 'Unwitnessed' } })).not.toHaveProperty('isLost');
});

test('that it has nothing to lose until it has told its capacity once, however small', () => {
  const capacity = { allocatable: {}, free: {}, observedAt: '2030-01-01T00:00:00Z' };
  const known = { ...cluster, status: { ...cluster.status, capacity } };
  expect([told(), told({ cluster: known })].map((member) => member?.capacity)).toEqual([0, 10_000]);
});
