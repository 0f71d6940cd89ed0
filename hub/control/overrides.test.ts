/** @module Overrides of a policy that cannot be applied to an object in some clusters, through the loops together. */
import { describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing/test-hub.ts';
import { deployment, deployments, placedAt, policiesType, policy, runningAt, until, web, workId } from './testing/web-story.ts';

const onAws = (patch: readonly unknown[]) => ({
  overrides: [{ clusterSelector: { matchLabels: { 'hanse.dev/provider': 'aws' } }, patch }],
});
const misfit = onAws([{ op: 'replace', path: '/spec/template/spec/containers/7/image', value: 'other:1' }]);
const fitting = onAws([{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'mirror:1' }]);
const webPolicy = { ...policiesType, namespace: 'shop', name: 'web' };

const eventsOf = ({ store }: TestHub): string[] =>
  store
    .list('/events/shop/')
    .map(({ object }) => object as typeof object & { readonly reason?: string; readonly message?: string })
    .map(({ reason, message }) => `${reason}: ${message}`);

describe('a cluster to which an override of the policy cannot be applied', () => {
  it('gets no share, and an Event says which override it is; it gets one when the override fits', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy(misfit));
    await it.client.create(deployments, deployment(6));
    await until(() => expect(runningAt(it, 'home')).toBe(6));
    expect(placedAt(it)).toEqual({ home: 6 });
    const message =
      'OverrideMisfit: not placed in aws: overrides[0] cannot be applied: patch[0] (replace /spec/template/spec/containers/7/image) does not fit (Deployment web)';
    await until(() => expect(eventsOf(it)).toContain(message));
    await it.client.patch(webPolicy, 'application/merge-patch+json', { spec: fitting });
    await it.client.patch(web, 'application/merge-patch+json', { spec: { replicas: 12 } });
    await until(() => expect(runningAt(it, 'aws')).toBe(5));
  });

  it('gets no share, nor a change of what it has, where what the override makes is no valid object', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy(fitting));
    await it.client.create(deployments, deployment(4));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([2, 2]));
    const invalid = onAws([{ op: 'add', path: '/metadata/annotations/x', value: true }]);
    await it.client.patch(webPolicy, 'application/merge-patch+json', { spec: invalid });
    await it.client.patch(web, 'application/merge-patch+json', { spec: { replicas: 8 } });
    await until(() => expect(runningAt(it, 'home')).toBe(6));
    expect(placedAt(it)).toEqual({ aws: 2, home: 6 });
    expect(JSON.stringify(it.fleet.agent('aws').objects.get(workId))).toContain('"image":"mirror:1"');
    const why = 'patch[0] (add /metadata/annotations/x) makes the object invalid: metadata.annotations: string is wanted, not bool';
    await until(() => expect(eventsOf(it).join()).toContain(`NotSent: aws: overrides[0] cannot be applied: ${why}`));
  });

  it('keeps the copy that it has as it was when a policy is edited so, and the Placement says that it is not changed', async () => {
    const it = await startTestHub({ home: 8, aws: 8 });
    await it.client.create(policiesType, policy(fitting));
    await it.client.create(deployments, deployment(6));
    await until(() => expect([runningAt(it, 'home'), runningAt(it, 'aws')]).toEqual([3, 3]));
    await it.client.patch(webPolicy, 'application/merge-patch+json', { spec: misfit });
    await it.client.patch(web, 'application/merge-patch+json', { spec: { replicas: 10 } });
    await until(() => expect(runningAt(it, 'home')).toBe(7));
    expect(placedAt(it)).toEqual({ aws: 3, home: 7 });
    expect(JSON.stringify(it.fleet.agent('aws').objects.get(workId))).toContain('"image":"mirror:1"');
    await until(() => expect(eventsOf(it).join()).toContain('NotSent: aws: overrides[0] cannot be applied'));
  });
});
