/** @module Clusters that die, are out of reach or return: endpoints, names and routes of the member follow. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Verdict } from '../../shared/health/index.ts';
import { bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { openTestTraffic, servicesType, type TestTraffic } from './testing/test-traffic.ts';

let member: TestTraffic;
beforeEach(async () => {
  member = await openTestTraffic();
});
afterEach(() => member.close());

describe('a death', () => {
  beforeEach(async () => {
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
  });

  test('takes the endpoints of the dead cluster away at once, and tells', async () => {
    member.dead('us');
    await member.comesTo('ap 4, eu 4');
    await vi.waitFor(() => expect(member.told()?.status.applied?.away).toEqual([{ cluster: 'us', why: 'dead', percent: 0 }]));
  });

  test('of the own cluster, as others may see it, changes nothing here', async () => {
    member.dead('eu');
    member.send();
    await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()));
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('that is over gives the cluster its share back in steps', async () => {
    member.dead('us');
    await member.comesTo('ap 4, eu 4');
    member.dead('us', 'Cleared');
    await vi.waitFor(() => expect(member.told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    member.skip(61_000);
    await member.comesTo('ap 4, eu 4, us 1');
    member.skip(31_000);
    await vi.waitFor(() => expect(member.told()?.status.applied?.away[0]?.percent).toBe(25));
    member.skip(31_000);
    await member.comesTo('ap 4, eu 4, us 2');
    member.skip(31_000);
    await member.comesTo('ap 4, eu 4, us 4');
    member.skip(31_000);
    await vi.waitFor(() => expect(member.told()?.status.applied?.away).toEqual([]));
  });

  test('in the middle of a way back is remembered over a restart', async () => {
    member.dead('us');
    await member.comesTo('ap 4, eu 4');
    await vi.waitFor(async () =>
      expect(
        (
          await member.client.get({
            group: '',
            version: 'v1',
            resource: 'configmaps',
            namespace: 'hanse-system',
            name: 'hanse-agent-traffic',
          })
        )?.data,
      ).toMatchObject({ ramps: expect.stringContaining('us') }),
    );
    member.stopEngine();
    member.standing = [];
    member.start();
    await vi.waitFor(() => expect(member.told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    expect(await member.endpoints()).toBe('ap 4, eu 4');
  });

  test('in the middle of a way back goes on after a restart only when the cluster was heard again', async () => {
    member.dead('us');
    await member.comesTo('ap 4, eu 4');
    member.dead('us', 'Cleared');
    await vi.waitFor(() => expect(member.told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    member.stopEngine();
    member.unheard.add('us');
    member.start();
    await vi.waitFor(() => expect(member.told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    member.skip(600_000);
    member.send();
    await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()));
    expect(await member.endpoints()).toBe('ap 4, eu 4');
    member.unheard.clear();
    member.skip(61_000);
    await member.comesTo('ap 4, eu 4, us 1');
  });

  test('of one cluster after the other stops at the floor of survivors', async () => {
    member.send({ survivorsMin: 2 });
    member.dead('us');
    await member.comesTo('ap 4, eu 4');
    const both = ['us', 'ap'].map((target, at): Verdict => ({ ...member.standing[0], target, epoch: at + 1 }) as Verdict);
    member.standing = both;
    member.tellVerdict(both[1] as Verdict);
    member.send({ survivorsMin: 2 });
    await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()));
    expect(await member.endpoints()).toBe('ap 4, eu 4');
  });
});

describe('a cluster that the hub has given up, without a verdict', () => {
  beforeEach(async () => {
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
  });

  test('gets no requests where it is not heard, and has them back in steps when it is', async () => {
    member.silent.add('us');
    member.givenUp.add('us');
    await member.comesTo('ap 4, eu 4');
    await vi.waitFor(() => expect(member.told()?.status.applied?.away).toEqual([{ cluster: 'us', why: 'dead', percent: 0 }]));
    member.silent.clear();
    await vi.waitFor(() => expect(member.told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    member.skip(61_000);
    await member.comesTo('ap 4, eu 4, us 1');
  });

  test('keeps its requests where it is silent and the hub has not given it up, and where it is heard although the hub has', async () => {
    member.silent.add('us');
    member.givenUp.add('ap');
    member.send();
    await vi.waitFor(() => expect(member.told()?.status.applied).toMatchObject({ epoch: member.seq(), away: [] }));
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('is the own one: it serves on', async () => {
    member.silent.add('eu');
    member.givenUp.add('eu');
    member.send();
    await vi.waitFor(() => expect(member.told()?.status.applied).toMatchObject({ epoch: member.seq(), away: [] }));
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
  });
});

describe('a cluster that a person drains', () => {
  const dns = { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: false } as const;
  const named = (): string[] | undefined =>
    member.zoneOf('x.test')?.services[0]?.backends.flatMap(({ cluster, weight }) => (weight > 0 ? [cluster] : []));
  beforeEach(async () => {
    member.start();
    member.send({ dns });
    await vi.waitFor(() => expect(named()).toEqual(['ap', 'eu', 'us']));
    member.drained.add('us');
  });

  test('keeps its requests and names while it answers: they leave with its endpoints', async () => {
    member.send({ dns });
    await vi.waitFor(() => expect(member.told()?.status.applied).toMatchObject({ epoch: member.seq(), away: [] }));
    expect(named()).toEqual(['ap', 'eu', 'us']);
  });

  test('loses both where it is seen to answer no users, without a verdict', async () => {
    member.lost.add('us');
    await vi.waitFor(() => expect(named()).toEqual(['ap', 'eu']));
    await member.comesTo('ap 4, eu 4');
  });
});

test('what this cluster cannot reach itself it stops using, without a verdict, and names stay', async () => {
  member.start();
  const dns = { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: false } as const;
  member.send({ dns });
  await member.comesTo('ap 4, eu 4, us 4');
  member.lost.add('ap');
  await member.comesTo('eu 4, us 4');
  expect(member.zoneOf('x.test')?.services[0]?.backends.map(({ cluster, weight }) => `${cluster} ${weight > 0}`)).toEqual([
    'ap true',
    'eu true',
    'us true',
  ]);
  member.lost.clear();
  member.skip(6_000);
  await member.comesTo('ap 4, eu 4, us 4');
});

describe('a cluster that died, and whose death a limit or a person holds back', () => {
  const kept = { group: '', version: 'v1', resource: 'configmaps', namespace: 'hanse-system', name: 'hanse-agent-traffic' } as const;
  const restart = (of: 'unheard' | 'mute' | 'undecided' = 'unheard'): void => {
    member.stopEngine();
    member.lost.clear();
    member[of].add('ap');
    member.start();
    member.skip(6_000);
  };
  /** The agent has looked at what it does now know. */
  const settled = async (): Promise<void> => {
    member.skip(60_000);
    for (let time = 0; time < 2; time++) {
      member.send();
      await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()));
    }
  };
  beforeEach(async () => {
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
  });
  const withdrawn = async (of?: 'unheard' | 'mute' | 'undecided'): Promise<void> => {
    member.lost.add('ap');
    await member.comesTo('eu 4, us 4');
    await vi.waitFor(async () => expect((await member.client.get(kept))?.data).toMatchObject({ unreachable: '["ap"]' }));
    restart(of);
    await settled();
  };

  test('is not used again by an agent that is started anew, until it is heard', async () => {
    await withdrawn();
    expect(await member.endpoints()).toBe('eu 4, us 4');
    expect(member.told()?.status.applied?.away).toEqual([{ cluster: 'ap', why: 'not reached from here', percent: 0 }]);
    member.unheard.clear();
    member.skip(6_000);
    await member.comesTo('ap 4, eu 4, us 4');
  });

  test('of which only the gateway died, is not used again by an agent that is started anew before that answers, whatever others tell', async () => {
    await withdrawn('undecided');
    expect(await member.endpoints()).toBe('eu 4, us 4');
    member.undecided.clear();
    member.skip(6_000);
    await member.comesTo('ap 4, eu 4, us 4');
  });

  test('of which no gateway ever answered, is not used again by an agent that is started anew while the others hold it for dead', async () => {
    member.votedDead.add('ap');
    await withdrawn('mute');
    expect(await member.endpoints()).toBe('eu 4, us 4');
    member.votedDead.clear();
    member.skip(6_000);
    await member.comesTo('ap 4, eu 4, us 4');
  });

  test('is used again by an agent that is started anew when its addresses answer', async () => {
    await withdrawn();
    member.answering.add('ap');
    member.skip(6_000);
    await member.comesTo('ap 4, eu 4, us 4');
  });

  test('while the agent was away, loses its requests when another observer tells the death', async () => {
    restart();
    await settled();
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
    member.votedDead.add('ap');
    await member.comesTo('eu 4, us 4');
  });

  test('is used as long as its addresses answer, whatever others tell of it', async () => {
    member.answering.add('ap');
    member.votedDead.add('ap');
    restart();
    await settled();
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
  });
});

test('pods find the service under clusterset.local, at the address that the cluster gave it', async () => {
  member.start();
  member.send();
  await member.comesTo('ap 4, eu 4, us 4');
  const [service] = await member.listed(servicesType);
  await vi.waitFor(() =>
    expect(member.zoneOf('clusterset.local')?.services).toMatchObject([
      { name: 'web.shop.svc.clusterset.local', backends: [{ cluster: 'eu', ipv4: [bagOf(service?.spec).clusterIP] }] },
    ]),
  );
});

describe('the world outside', () => {
  const dns = { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: true } as const;

  test('is answered by the survivors, by name server and by DNSEndpoint', async () => {
    member.start();
    member.send({ dns });
    const answered = (): string[] | undefined =>
      member.zoneOf('x.test')?.services[0]?.backends.flatMap(({ cluster, weight }) => (weight > 0 ? [cluster] : []));
    await vi.waitFor(() => expect(answered()).toEqual(['ap', 'eu', 'us']));
    const before = member.zoneOf('x.test')?.serial ?? 0;
    const named = async (): Promise<string[]> => {
      const found = await member.client.get({
        group: 'externaldns.k8s.io',
        version: 'v1alpha1',
        resource: 'dnsendpoints',
        namespace: 'shop',
        name: 'web',
      });
      return ((found?.spec as { endpoints: { setIdentifier: string }[] } | undefined)?.endpoints ?? []).map(
        ({ setIdentifier }) => setIdentifier,
      );
    };
    await vi.waitFor(async () => expect(await named()).toEqual(['ap', 'eu', 'us']));
    member.dead('us');
    await vi.waitFor(() => expect(answered()).toEqual(['ap', 'eu']));
    expect(member.zoneOf('x.test')?.serial).toBeGreaterThan(before);
    await vi.waitFor(async () => expect(await named()).toEqual(['ap', 'eu']));
  });
});

test('weights of routes to imports of single clusters follow, and nothing else of the route changes', async () => {
  const routes = { group: 'gateway.networking.k8s.io', version: 'v1', resource: 'httproutes' };
  const backend = (name: string) => ({ group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name, port: 80, weight: 1 });
  await member.client.create(
    routes,
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        rules: [
          { backendRefs: ['web-ap', 'web-eu', 'web-us'].map(backend) },
          { backendRefs: [{ name: 'other', port: 80, weight: 7 }, backend('web')] },
        ],
      },
    },
    { fieldManager: 'user' },
  );
  member.start();
  member.send({ perCluster: true });
  const weights = async (): Promise<unknown> => {
    const found = await member.client.get({ ...routes, namespace: 'shop', name: 'web' });
    return bagsOf(bagOf(found?.spec).rules).map(({ backendRefs }) => bagsOf(backendRefs).map(({ weight }) => weight));
  };
  await vi.waitFor(async () =>
    expect(await weights()).toEqual([
      [1_000_000, 1_000_000, 1_000_000],
      [7, 1],
    ]),
  );
  await member.comesTo('us 4', 'web-us');
  member.dead('us');
  await member.comesTo('', 'web-us');
  await vi.waitFor(async () =>
    expect(await weights()).toEqual([
      [1_000_000, 1_000_000, 0],
      [7, 1],
    ]),
  );
});
