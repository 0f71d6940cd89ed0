/** @module A real API server refuses writes that are older than what it has. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type Member, startMember } from '../../test/testbed/index.ts';
import { httpClient, loadKubeconfig, type MemberApi } from '../cluster/index.ts';
import { realEnv } from '../testing/env.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, WORK_SEQ } from '../work/index.ts';
import { keepFencePolicy } from './fence-policy.ts';

const env = realEnv();
let dir: string;
let member: Member;
let api: MemberApi;
let stop: () => void = () => undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-fence-e2e-'));
  member = await startMember({ name: 'eu', dataDir: dir, nodes: [] });
  api = httpClient(await loadKubeconfig(member.kubeconfig, env));
});
afterAll(async () => {
  stop();
  await api?.close();
  await member?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const address = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default', name: 'one' };
const write = (seq: number | undefined, data: string): Promise<KubeObject> =>
  api.patch(
    address,
    'application/merge-patch+json',
    { metadata: { annotations: { [WORK_SEQ]: seq === undefined ? null : String(seq) } }, data: { data } },
    { fieldManager: 'somebody' },
  );

describe('an API server with the fence', () => {
  test('refuses older work, and takes newer work, other writers and the giving up of an object', async () => {
    const { name, namespace, ...collection } = address;
    await api.create(collection, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels: { [MANAGED_BY_LABEL]: MANAGED_BY }, annotations: { [WORK_SEQ]: '7' } },
      data: { data: 'seven' },
    });
    stop = keepFencePolicy(api, env).stop;
    // The policy is in force some time after it was written.
    const isRefused = async (): Promise<void> => {
      await write(7, 'seven');
      await expect(write(6, 'six')).rejects.toMatchObject({ status: { code: 403 } });
    };
    await vi.waitFor(isRefused, { timeout: 30_000, interval: 200 });
    await expect(write(6, 'six')).rejects.toThrow('the cluster has newer work than this');
    await expect(write(7, 'seven again')).resolves.toMatchObject({ data: { data: 'seven again' } });
    await expect(write(10, 'ten')).resolves.toMatchObject({ data: { data: 'ten' } });
    await expect(write(9, 'nine')).rejects.toThrow('the cluster has newer work than this');
    await expect(
      api.patch(address, 'application/merge-patch+json', { data: { data: 'by a user' } }, { fieldManager: 'a-user' }),
    ).resolves.toMatchObject({ data: { data: 'by a user' } });
    await expect(write(undefined, 'given up')).resolves.toMatchObject({ data: { data: 'given up' } });
  });
});
