/** @module What counts against the limit of clusters that are given up, when the hub is started anew in the middle. */
import { expect, test, vi } from 'vitest';
import { type Cluster, failoverPolicyType, hanseGroup } from '../../shared/api/index.ts';
import { keyOf } from '../../shared/kube/storage/index.ts';
import { startTestHub } from './testing/test-hub.ts';

/** The shortest that a policy may say. */
const windowSeconds = 10;
const wait = { timeout: (windowSeconds + 10) * 1_000 };

test('a cluster that was given up counts no longer than the window once it is back, though the hub was started anew in between', {
  timeout: wait.timeout + 10_000,
}, async () => {
  const { client, store, fleet, restart } = await startTestHub({ home: 4, aws: 4, gcp: 4 });
  const isGivenUp = (name: string): boolean =>
    (store.get(keyOf(hanseGroup, 'clusters', '', name))?.object as Cluster | undefined)?.status?.givenUpSince !== undefined;
  await client.create(failoverPolicyType, {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'FailoverPolicy',
    metadata: { name: 'default' },
    spec: { limits: { windowSeconds } },
  });
  fleet.agent('aws').cutOff = true;
  await vi.waitFor(() => expect(isGivenUp('aws')).toBe(true), wait);
  await restart();
  fleet.agent('aws').cutOff = false;
  await vi.waitFor(() => expect(isGivenUp('aws')).toBe(false), wait);
  fleet.agent('gcp').cutOff = true;
  await vi.waitFor(() => expect(isGivenUp('gcp')).toBe(true), wait);
});
