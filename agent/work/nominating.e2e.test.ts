/** @module The node that an agent nominates for a pod is taken by a real API server, and kept for the pod by a real scheduler. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bag, bags } from '../../shared/placement/workload-fields.ts';
import { type Member, startMember } from '../../test/testbed/index.ts';
import { httpClient, loadKubeconfig, type MemberApi } from '../cluster/index.ts';
import { realEnv } from '../testing/env.ts';
import { createNominations } from './nominating.ts';

const env = realEnv();
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const pods = { group: '', version: 'v1', resource: 'pods' };
const classes = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };
const namespace = 'default';
let dir: string;
let member: Member;
let api: MemberApi;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-nominating-e2e-'));
  member = await startMember({ name: 'eu', dataDir: dir, nodes: [{ name: 'n1', allocatable: { cpu: '4' } }] });
  api = httpClient(await loadKubeconfig(member.kubeconfig, env));
});
afterAll(async () => {
  await api?.close();
  await member?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const deployment = (name: string, cpu: string, priorityClassName?: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(priorityClassName === undefined ? {} : { priorityClassName }),
        containers: [{ name: 'c', image: 'c:1', resources: { requests: { cpu } } }],
      },
    },
  },
});
const podOf = async (app: string): Promise<KubeObject | undefined> =>
  (await api.list({ ...pods, namespace, labelSelector: `app=${app}` })).items[0];
const nodeOf = async (app: string): Promise<unknown> => bag((await podOf(app))?.spec).nodeName;
/** Why the scheduler has bound it to no node. */
const refusalOf = async (app: string): Promise<unknown> =>
  bags(bag((await podOf(app))?.status).conditions).find(({ type }) => type === 'PodScheduled')?.reason;
const until = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 90_000, interval: 100 });

test('what is free on a node that is kept for a pod is given to none of lower priority, until the pod is bound there', async () => {
  // The scheduler makes nobody give way for it: who has to go is chosen by the hub.
  const patient = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'patient' }, value: 100 };
  await api.create(classes, { ...patient, preemptionPolicy: 'Never' });
  await api.create(deployments, deployment('old', '2'));
  await until(async () => expect(await nodeOf('old')).toBe('n1'));
  const gold = deployment('gold', '3', 'patient');
  await api.create(deployments, gold);
  const nominations = createNominations({ client: api, env, onTried: (isRefused) => expect(isRefused).toBe(false) });
  nominations.applied('gold', { ...deployments, namespace, name: 'gold' }, gold, [{ node: 'n1', replicas: 1 }]);
  await until(async () => expect(bag((await podOf('gold'))?.status).nominatedNodeName).toBe('n1'));
  // There are two cores for it, and it would be bound within a second.
  await api.create(deployments, deployment('small', '1500m'));
  await until(async () => expect(await refusalOf('small')).toBe('Unschedulable'));
  await api.delete({ ...deployments, namespace, name: 'old' }, { propagationPolicy: 'Background' });
  await until(async () => expect(await nodeOf('gold')).toBe('n1'));
  expect(await nodeOf('small')).toBeUndefined();
  nominations.stop();
}, 240_000);
