/** @module Rules of which Clusters count as members. */
import { expect, test } from 'vitest';
import { type Cluster, isMember } from './cluster.ts';

const cluster = ({
  deletionTimestamp,
  ...more
}: {
  readonly deletionTimestamp?: string;
  readonly spec?: object;
  readonly status?: object;
}) =>
  ({
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'eu', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    spec: { admission: 'Approved' },
    status: { agent: { publicKey: 'U', sealingKey: 'k', joinedAt: '2030-01-01T00:00:00Z' } },
    ...more,
  }) as Cluster;

const refused = (reason: string, status: string): object => ({
  ...cluster({}).status,
  conditions: [{ type: 'JoinRefused', status, reason, message: '', lastTransitionTime: '2030-01-01T00:00:00Z' }],
});

test.each([
  ['approved and joined counts', cluster({}), true],
  ['not approved does not', cluster({ spec: { admission: 'Pending' } }), false],
  ['whose agent has never joined does not', cluster({ status: {} }), false],
  ['on its way out does not', cluster({ deletionTimestamp: '2030-01-01T00:00:00Z' }), false],
  ['whose member is under another name already does not', cluster({ status: refused('ClusterTaken', 'True') }), false],
  ['that was refused for it once counts', cluster({ status: refused('ClusterTaken', 'False') }), true],
  ['that somebody tried to join with another key counts', cluster({ status: refused('NameTaken', 'True') }), true],
])('a Cluster %s', (_, one, wanted) => {
  expect(isMember(one)).toBe(wanted);
});
