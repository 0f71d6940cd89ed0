/** @module A route that comes from the hub: work writes it, traffic decides its weights, and no write gives a dead cluster its share back. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { applyItem } from '../testing/items.ts';
import { openTestTraffic, type TestTraffic } from './testing/test-traffic.ts';

const routes = { group: 'gateway.networking.k8s.io', version: 'v1', resource: 'httproutes' };
const backend = (name: string) => ({ group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name, port: 80, weight: 1 });
const all = ['web-ap', 'web-eu', 'web-us'].map(backend);
const route = (...rules: readonly (readonly object[])[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { parentRefs: [{ name: 'gateway' }], rules: rules.map((backendRefs) => ({ backendRefs })) },
});
const weightsOf = (object: KubeObject | undefined): string =>
  bagsOf(bagOf(object?.spec).rules)
    .map(({ backendRefs }) =>
      bagsOf(backendRefs)
        .map(({ weight }) => weight)
        .join(' '),
    )
    .join(', ');

const evenly = '1000000 1000000 1000000';
const withoutUs = '1000000 1000000 0';

let member: TestTraffic;
/** What the route weighed after each write of it. */
let written: string[] = [];
let seq = 0;

/** The member's API, which keeps what every write makes of the route. */
const watched = (): KubeClient => ({
  ...member.client,
  patch: async (address, ...rest) => {
    const object = await member.client.patch(address, ...rest);
    if (address.resource === routes.resource) written.push(weightsOf(object));
    return object;
  },
});
const weights = async (): Promise<string> => weightsOf(await member.client.get({ ...routes, namespace: 'shop', name: 'web' }));
const comesTo = (wanted: string): Promise<void> => vi.waitFor(async () => expect(await weights()).toBe(wanted), { timeout: 5_000 });
const place = (object: KubeObject): void => member.link().send(applyItem(++seq, object));
/** Everything that was sent so far has been dealt with. */
const calm = async (): Promise<void> => {
  member.send({ perCluster: true });
  await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()));
};

beforeEach(async () => {
  member = await openTestTraffic();
  member.start(undefined, watched());
  member.send({ perCluster: true });
  await member.comesTo('us 4', 'web-us');
  place(route(all));
  await comesTo(evenly);
  member.dead('us');
  await comesTo(withoutUs);
  written = [];
});
afterEach(() => member.close());

describe('the weight of a dead cluster in a route that the hub placed', () => {
  test('stays zero while both halves of the agent go on', async () => {
    for (let time = 0; time < 5; time++) {
      member.skip(31_000);
      await calm();
    }
    expect(await weights()).toBe(withoutUs);
    expect(new Set(written)).toEqual(new Set());
    expect(member.link().statuses.get('HTTPRoute-shop-web')).toMatchObject({ phase: 'Applied' });
  });

  test('stays zero, and the route says why, while what traffic kept cannot be loaded', async () => {
    member.stopEngine();
    let isSilent = true;
    const client = watched();
    const get: KubeClient['get'] = async (address) => {
      if (isSilent && address.resource === 'configmaps') throw new Error('the store has no leader');
      return client.get(address);
    };
    member.start(undefined, { ...client, get });
    place(route(all));
    await vi.waitFor(() => {
      member.skip(31_000);
      expect(member.link().statuses.get('HTTPRoute-shop-web')?.message).toContain('cannot be loaded: the store has no leader');
    });
    expect(await weights()).toBe(withoutUs);
    isSilent = false;
    await vi.waitFor(() => expect(member.link().statuses.get('HTTPRoute-shop-web')?.phase).toBe('Applied'), { timeout: 5_000 });
    expect(new Set(written)).toEqual(new Set([withoutUs]));
  });

  test('stays zero over a restart of the agent', async () => {
    member.stopEngine();
    member.start(undefined, watched());
    await vi.waitFor(() => expect(member.link().statuses.get('HTTPRoute-shop-web')?.phase).toBe('Applied'));
    await calm();
    expect(new Set(written)).toEqual(new Set([withoutUs]));
  });

  test('is zero in the first write of what the hub changes', async () => {
    place(route(all, [backend('web-us'), backend('web-eu')]));
    await comesTo(`${withoutUs}, 0 1000000`);
    await calm();
    expect(new Set(written)).toEqual(new Set([`${withoutUs}, 0 1000000`]));
  });

  test('is set to zero again after somebody else has changed it', async () => {
    const changed = await member.client.get({ ...routes, namespace: 'shop', name: 'web' });
    await member.client.update(routes, { ...(changed as KubeObject), spec: route(all).spec }, { fieldManager: 'somebody' });
    await comesTo(withoutUs);
    await calm();
    expect(new Set(written)).toEqual(new Set([withoutUs]));
  });
});

test('a route has the weights of the hub again when nothing decides them any more', async () => {
  member.send({ perCluster: false });
  await comesTo('1 1 1');
});
