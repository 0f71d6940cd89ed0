/** @module What a member refuses the agent while it works, over a real API server in memory that forbids writes. */
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { type TestServer, testEnv, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { fakeLink } from '../testing/fake-link.ts';
import { applyItem, configMap } from '../testing/items.ts';
import { explainFailure, isRightMissing } from './failure.ts';
import { startWork } from './run.ts';

let server: TestServer;
beforeEach(async () => {
  server = await testServer();
});
afterEach(() => server.close());

describe('a member that forbids a write', () => {
  it('is told of with verb and resource, whatever may be read, until the write works', async () => {
    let isForbidden = true;
    const { client } = server.api;
    const refusing: KubeClient = {
      ...client,
      patch: (address, ...rest) =>
        isForbidden && address.resource === 'configmaps'
          ? Promise.reject(new StatusError(403, 'Forbidden', 'no'))
          : client.patch(address, ...rest),
    };
    const timers: (() => void)[] = [];
    const setTimer = (_ms: number, run: () => void) => {
      timers.push(run);
      return () => undefined;
    };
    let passedMs = 0;
    const env = { ...testEnv, setTimer, monotonicMs: () => passedMs };
    const link = fakeLink('eu');
    const work = startWork({ client: refusing, link, env, discover: () => undefined, onChange: () => undefined });
    work.setServed([{ groupVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true }], []);
    const item = applyItem(5, configMap('settings', { a: '1' }));
    link.send(item);
    await expect.poll(() => link.statuses.get(item.id)?.reason).toBe('Forbidden');
    expect(work.forbidden()).toEqual(['patch configmaps']);
    isForbidden = false;
    passedMs = 3_600_000;
    for (const run of timers.splice(0)) run();
    await expect.poll(() => link.statuses.get(item.id)?.phase).toBe('Applied');
    expect(work.forbidden()).toEqual([]);
    work.stop();
  });
});

test.each([
  ['deployments.apps "web" is forbidden: User "agent" cannot patch resource "deployments"', true],
  ['pods "web" is forbidden: exceeded quota: q, requested: pods=1', false],
  ['admission webhook "policy.example" denied the request: no', false],
  ['namespace shop is being terminated', false],
])('403 %j says that the agent has no right to the call: %s', (message, expected) => {
  expect(isRightMissing({ status: 403, message })).toBe(expected);
});

test('a conflict of fields names only mends that there are', () => {
  const causes = [{ reason: 'FieldManagerConflict', field: '.data.a', message: 'conflict with "kubectl"' }];
  const failure = { status: 409, reason: 'Conflict', message: 'conflict', causes };
  const { message } = explainFailure(applyItem(1, configMap('settings', {})), 'patch', failure as never);
  expect(message).toContain('adopt: Always');
  expect(message).not.toContain('yieldFields');
});
