/** @module An agent that finds the state of another in its member: named, and not touched. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestServer, testEnv, testServer } from '../../shared/kube/server/testing/test-server.ts';
import { fakeLink } from '../testing/fake-link.ts';
import { applyItem, configMap } from '../testing/items.ts';
import { otherAgentIn, otherAgentText } from './other-agent.ts';
import { createRecords } from './records.ts';
import { startWork } from './run.ts';

let server: TestServer;
beforeEach(async () => {
  server = await testServer();
});
afterEach(() => server.close());

const itemOf = (cluster: string) => ({ ...applyItem(5, configMap('settings', { a: '1' })), cluster });

describe('the state of another agent', () => {
  test.each(['work', 'traffic'] as const)('is found by its records of %s, and its owner named', async (kind) => {
    const { client } = server.api;
    expect(await otherAgentIn(client, 'eu')).toBeUndefined();
    await createRecords(client, 'eu', kind).keep(itemOf('eu'));
    expect(await otherAgentIn(client, 'eu')).toBeUndefined();
    expect(await otherAgentIn(client, 'other')).toBe('eu');
  });

  test('is told with the mend: whose agent to use, or what to remove', () => {
    const text = otherAgentText('eu', 'other');
    for (const part of ['use the agent of eu', 'delete Cluster eu', "kubectl delete secrets -n hanse-system -l 'hanse.dev/record'"])
      expect(text).toContain(part);
  });

  test('keeps work from beginning, and no longer when it was removed', async () => {
    const { client } = server.api;
    const others = createRecords(client, 'eu');
    await others.keep(itemOf('eu'));
    const waits: (() => void)[] = [];
    const errors: string[] = [];
    const log = { ...testEnv.log, error: (text: string) => void errors.push(text) };
    const setTimer = (_ms: number, run: () => void) => {
      waits.push(run);
      return () => undefined;
    };
    const link = fakeLink('other');
    const work = startWork({ client, link, env: { ...testEnv, log, setTimer }, discover: () => undefined, onChange: () => undefined });
    await expect.poll(() => errors).toEqual([otherAgentText('eu', 'other')]);
    link.send(itemOf('other'));
    expect(link.statuses.size).toBe(0);
    await others.drop(itemOf('eu').id);
    work.setServed([{ groupVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true }], []);
    for (const run of waits.splice(0)) run();
    await expect.poll(() => link.statuses.get(itemOf('other').id)?.phase).toBe('Applied');
    expect(errors).toHaveLength(1);
    work.stop();
  });
});
