/** @module Every member has the policy from the start of its agent on, over an API server in memory. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { type TestServer, testEnv, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { keepFencePolicy } from './fence-policy.ts';

let server: TestServer;
let timers: { readonly delayMs: number; readonly run: () => void }[];
const setTimer = (delayMs: number, run: () => void) => {
  const timer = { delayMs, run };
  timers.push(timer);
  return () => {
    timers = timers.filter((one) => one !== timer);
  };
};
beforeEach(async () => {
  timers = [];
  server = await testServer();
});
afterEach(() => server.close());

/** Writes of the policy and its binding, by resource; each is answered as `answer` says. */
const member = (answer: () => StatusError | undefined) => {
  const written: string[] = [];
  const client: KubeClient = {
    ...server.api.client,
    patch: async (address, _type, body) => {
      const refusal = answer();
      if (refusal !== undefined) throw refusal;
      written.push(`${address.resource}/${address.name}`);
      return body as Awaited<ReturnType<KubeClient['patch']>>;
    },
  };
  return { client, written };
};
const both = ['validatingadmissionpolicies/hanse-fence', 'validatingadmissionpolicybindings/hanse-fence'];
/** Waits for the round under way, and lets the next begin. */
const next = async (): Promise<number | undefined> => {
  await expect.poll(() => timers.length).toBe(1);
  const [timer] = timers.splice(0);
  timer?.run();
  return timer?.delayMs;
};

test('a member has the policy from the start of its agent on, whatever was sent there, and again when somebody has taken it away', async () => {
  const { client, written } = member(() => undefined);
  const fence = keepFencePolicy(client, { ...testEnv, setTimer });
  await expect.poll(() => written).toEqual(both);
  await next();
  await expect.poll(() => written).toEqual([...both, ...both]);
  await expect.poll(() => timers.length).toBe(1);
  fence.stop();
  expect(timers).toEqual([]);
});

test('that the member forbids it is told until it is allowed', async () => {
  let isForbidden = true;
  const { client, written } = member(() => (isForbidden ? new StatusError(403, 'Forbidden', 'no') : undefined));
  const fence = keepFencePolicy(client, { ...testEnv, setTimer });
  await expect.poll(fence.forbidden).toEqual(['patch validatingadmissionpolicies']);
  isForbidden = false;
  await next();
  await expect.poll(() => [written, fence.forbidden()]).toEqual([both, []]);
  fence.stop();
});

test('that the member forbids it is told no more when the member ceases to serve the policies', async () => {
  let status = 403;
  const { client } = member(() => new StatusError(status, 'Trouble', 'no'));
  const fence = keepFencePolicy(client, { ...testEnv, setTimer });
  await expect.poll(fence.forbidden).toEqual(['patch validatingadmissionpolicies']);
  status = 404;
  await next();
  await expect.poll(fence.forbidden).toEqual([]);
  fence.stop();
});

test('a member that does not answer is asked again soon, one that does not serve the policies later', async () => {
  let status = 500;
  const { client, written } = member(() => (status === 0 ? undefined : new StatusError(status, 'Trouble', 'no')));
  const fence = keepFencePolicy(client, { ...testEnv, setTimer });
  const soonMs = (await next()) ?? 0;
  status = 404;
  await next();
  const laterMs = (await next()) ?? 0;
  expect([soonMs <= 60_000, laterMs]).toEqual([true, 300_000]);
  expect(fence.forbidden()).toEqual([]);
  status = 0;
  await next();
  await expect.poll(() => written).toEqual(both);
  fence.stop();
});
