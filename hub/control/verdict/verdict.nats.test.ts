/** @module From a death to what `kubectl get clusters` shows: hub, broker, links and detectors as they are shipped, in one process. */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Failover, fileMeshStore, startFailover } from '../../../agent/failover/index.ts';
import { fileKeyStore, type StartedLink, startLink } from '../../../agent/link/index.ts';
import { clusters } from '../../../shared/api/cluster.ts';
import type { Cluster, ClusterStatus, FailoverPolicy } from '../../../shared/api/index.ts';
import type { WatchPorts } from '../../../shared/health/index.ts';
import { present } from '../../../shared/lib/assert.ts';
import { ed25519Verifier, lookAt } from '../../../shared/node/mesh/index.ts';
import { decodePublicKey } from '../../../shared/wire/nkey.ts';
import { testEnv } from '../../fleet/testing/broker.ts';
import { startTestHub, type TestHub } from '../../fleet/testing/hub.ts';
import { healthDefaults } from '../cluster/health.ts';
import { type Control, startControl } from '../index.ts';
import { createSolver } from '../rebalance/solver.ts';

const names = ['a', 'b', 'c'];
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'failoverpolicies' };
const agents = new Map<string, { link: StartedLink; failover: Failover; gateway: Server }>();
let dir: string;
let hub: TestHub;
let control: Control;
let start: () => void;
/** Where the gateway of the cluster that dies listens. */
let port: number;

const agent = (name: string) => present(agents.get(name), name);
const statusOf = async (name: string) => ((await hub.cluster(name)) as unknown as Cluster | undefined)?.status;
const until = (look: () => Promise<void> | void): Promise<void> => vi.waitFor(look, { timeout: 30_000, interval: 50 });
const close = ({ gateway }: { gateway: Server }): Promise<void> =>
  new Promise((closed) => {
    gateway.closeAllConnections();
    gateway.close(() => closed());
  });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-verdict-'));
  hub = await startTestHub();
  const look: WatchPorts['look'] = ({ url }, limits) => lookAt({ url, mustServe: true, ...limits });
  const rim = { verify: ed25519Verifier((key) => decodePublicKey('user', key)), look };
  start = () => {
    control = startControl({
      solver: createSolver(),
      store: hub.store,
      bus: hub.fleet.bus,
      mesh: { mesh: hub.fleet.mesh, rim },
      catalog: hub.registry,
      env: testEnv,
    });
  };
  start();
  for (const [at, name] of names.entries()) {
    const link = await startLink({
      env: testEnv,
      cluster: name,
      hubUrl: hub.url,
      hubCa: hub.authority.certificatePem,
      token: await hub.token(`for-${name}`, { autoApprove: {} }),
      labels: { 'hanse.dev/provider': 'cloud', 'topology.kubernetes.io/region': `r${at}` },
      kubernetesVersion: () => 'v1.36.0',
      keyStore: fileKeyStore(join(dir, `${name}.json`)),
    });
    const failover = await startFailover({
      cluster: name,
      bootId: link.bootId,
      env: testEnv,
      mesh: link.mesh,
      store: fileMeshStore(join(dir, `${name}.mesh`)),
      listen: { host: '127.0.0.1', port: 0 },
    });
    const gateway = createServer((_request, response) => response.end('fine'));
    await new Promise<void>((ready) => gateway.listen(0, '127.0.0.1', ready));
    link.setBeat(() => ({ api: { reachable: true } }));
    link.setHello(() => ({
      agentVersion: '1',
      kubernetesVersion: 'v1.36.0',
      apis: [],
      runtimeClasses: [],
      labels: {},
      meshAddresses: failover.addresses,
    }));
    agents.set(name, { link, failover, gateway });
    await until(async () => expect(await statusOf(name)).toHaveProperty('agent'));
    const probes = [{ role: 'Gateway', url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/` }];
    await hub.client.patch({ ...clusters, name }, 'application/merge-patch+json', { spec: { probes } });
  }
  await until(() => {
    for (const { failover } of agents.values())
      expect(failover.watch.membership()?.members.filter(({ addresses, probes }) => addresses.length * probes.length === 1).length).toBe(3);
  });
  await until(() => expect(agent('a').failover.watch.shadows().length).toBe(9));
});
afterAll(async () => {
  for (const { link, failover, gateway } of agents.values()) {
    await failover.stop();
    await link.stop();
    await close({ gateway });
  }
  await control?.stop();
  await hub?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('verdicts on the hub', () => {
  test('the policy in force is made when there is none, and says how many take part', async () => {
    const policy = (await hub.client.get({ ...policies, name: 'default' })) as unknown as FailoverPolicy;
    expect(policy.status?.members).toBe(4);
    expect(policy.status?.membershipEpoch).toBeGreaterThan(0);
  });

  test('a death that the policy leaves to a person has its cause and votes on the status, also by a hub that starts anew', async () => {
    await hub.client.patch({ ...policies, name: 'default' }, 'application/merge-patch+json', {
      spec: { mode: 'Manual', failback: { holdDownSeconds: 1 }, replicas: { afterSeconds: 0, fenceSeconds: 2, takeoverSeconds: 3 } },
    });
    await until(() => expect(agent('a').failover.watch.membership()?.policy.holdDownMs).toBe(1_000));
    const { gateway, failover } = agent('c');
    failover.watch.leases.setNeeded(true);
    await until(() => expect(failover.watch.leases.lease()).toEqual({ isHeld: true, fence: 0 }));
    // The gateway has been seen to answer, or its silence would say nothing.
    let looks = 0;
    gateway.on('request', () => {
      looks += 1;
    });
    await until(() => expect(looks).toBeGreaterThanOrEqual(4));
    port = (gateway.address() as AddressInfo).port;
    failover.watch.stop();
    await close({ gateway });
    const held = { cause: 'Cluster', phase: 'Held', by: 'Observers', votes: '2/2/2', voters: ['a', 'b'], obstacle: 'Manual' };
    await until(async () => expect((await statusOf('c'))?.verdict).toMatchObject(held));
    const { verdict } = present(await statusOf('c'), 'c');
    expect(verdict?.message).toMatch(/mode Manual.*hanse drain c\. 2 of 2 observers agree \(a, b; /);
    await until(async () => {
      const { items } = await hub.client.list({ group: '', version: 'v1', resource: 'events', namespace: 'default' });
      const messages = items.flatMap((event) => (event.reason === 'VerdictHeld' ? [event.message] : []));
      expect(messages).toEqual([expect.stringContaining('2 of 2 observers agree (a, b;')]);
    });
    await control.stop();
    start();
    await until(() => expect(control.directory.get('c')?.heldDeath?.voters).toEqual(['a', 'b']));
    await until(async () => expect((await statusOf('c'))?.verdict).toMatchObject(held));
    expect(control.directory.view('c')?.taints.map(({ effect }) => effect)).not.toContain('NoExecute');
  });

  test('a dead cluster has its cause, votes and history on its status and an Event, and returns after the hold-down', async () => {
    const { link, failover } = agent('c');
    const hubLeases = present(control.watch, 'the watch of the hub').leases;
    await hub.client.patch({ ...policies, name: 'default' }, 'application/merge-patch+json', { spec: { mode: null } });
    await until(async () =>
      expect((await statusOf('c'))?.verdict).toMatchObject({
        cause: 'Cluster',
        phase: 'Standing',
        by: 'Observers',
        votes: '2/2/2',
        voters: ['a', 'b'],
      }),
    );
    const status = await statusOf('c');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'Unknown', reason: 'ClusterUnreachable' });
    expect(status?.verdictHistory?.[0]).toMatchObject({ cause: 'Cluster', phase: 'Standing', voters: ['a', 'b'] });
    await until(async () => {
      const { items } = await hub.client.list({ group: '', version: 'v1', resource: 'events', namespace: 'default' });
      expect(items.map((event) => (event as { reason?: string }).reason)).toContain('ClusterDead');
    });
    expect((await statusOf('a'))?.verdict).toBeUndefined();
    // Its singletons may begin elsewhere once too few are left that could still confirm its lease.
    await until(() => expect(hubLeases.isFenced('c')).toBe(true));
    expect((await statusOf('c'))?.fence).toBeGreaterThan(0);
    expect(hubLeases.isFenced('a')).toBe(false);

    // A hub that starts meanwhile takes the death for no new one, and the cluster for lost as before.
    const { verdict, givenUpSince, verdictHistory } = present(await statusOf('c'), 'c');
    expect(givenUpSince).toBeDefined();
    const seen: (ClusterStatus | undefined)[] = [];
    const unwatch = hub.store.watch('', hub.store.revision(), ({ current: { object } }) => {
      if (object.kind === 'Cluster' && object.metadata.name === 'c') seen.push((object as unknown as Cluster).status);
    });
    await control.stop();
    start();
    expect(control.directory.view('c')?.taints.map(({ effect }) => effect)).toContain('NoExecute');
    await until(() => expect(control.watch?.votesOn('c').map(({ voter }) => voter)).toEqual(['a', 'b']));
    await until(() => expect(control.watch?.leases.isFenced('c')).toBe(true));
    unwatch();
    expect(seen.length).toBeGreaterThan(0);
    for (const status of seen) {
      expect(status).toMatchObject({ givenUpSince, verdictHistory });
      expect(status?.verdict).toMatchObject({ cause: 'Cluster', by: 'Observers', since: verdict?.since });
    }
    const fence = (await statusOf('c'))?.fence ?? 0;

    const again = createServer((_request, response) => response.end('fine'));
    await new Promise<void>((ready) => again.listen(port, '127.0.0.1', ready));
    const addresses = failover.addresses;
    await failover.stop();
    const revived = await startFailover({
      cluster: 'c',
      bootId: `${link.bootId}-2`,
      env: testEnv,
      mesh: link.mesh,
      store: fileMeshStore(join(dir, 'c.mesh')),
      listen: { host: '127.0.0.1', port: Number(addresses[0]?.split(':')[1]) },
    });
    agents.set('c', { link, failover: revived, gateway: again });
    // What was sent before the fence is not served any more, though the lease is confirmed again.
    revived.watch.leases.setNeeded(true);
    await until(() => expect(revived.watch.leases.lease()).toEqual({ isHeld: true, fence }));
    await until(async () => expect((await statusOf('c'))?.verdict).toBeUndefined());
    expect((await statusOf('c'))?.verdictHistory?.map(({ phase }) => phase).slice(0, 3)).toEqual(['Cleared', 'Returning', 'Standing']);
  });

  test('an agent that is silent to all while its cluster answers is no dead cluster, however long the hub hears nothing', async () => {
    const { failover, link } = agent('b');
    failover.watch.stop();
    await link.stop();
    await until(async () => expect((await statusOf('b'))?.verdict).toMatchObject({ cause: 'Agent', by: 'Observers' }));
    const health = () => present(control.directory.get('b'), 'b').health;
    await until(() => expect(Date.now() - health().lastBeatMs).toBeGreaterThan(1.5 * healthDefaults.toleranceMs));
    expect(health().phase).toBe('Suspect');
    expect(
      control.directory
        .views()
        .find(({ name }) => name === 'b')
        ?.taints.map(({ effect }) => effect),
    ).toEqual(['NoSchedule']);
  });
});
