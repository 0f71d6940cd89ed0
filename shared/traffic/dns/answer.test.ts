/** @module What a zone answers: chosen clusters, negative answers, and that no record set is ever empty. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../../lib/index.ts';
import { answerQuestion, compileZone, type DnsBackend, type DnsQuestion, type DnsZone, zoneFaults } from './index.ts';

const backend = (cluster: string, weight: number, order = 0, host = cluster.charCodeAt(0)): DnsBackend => ({
  cluster,
  ipv4: [`192.0.2.${host}`],
  ipv6: [],
  weight,
  order,
});

const zoneOf = (backends: readonly DnsBackend[], policy: 'Weighted' | 'Ordered' = 'Weighted'): DnsZone => ({
  origin: 'svc.example.org',
  serial: 7,
  mailbox: 'hostmaster.example.org',
  nameServers: [
    { name: 'ns-a.svc.example.org', ipv4: ['198.51.100.1'], ipv6: ['2001:db8::1'] },
    { name: 'ns.elsewhere.net', ipv4: [], ipv6: [] },
  ],
  services: [
    { name: 'web.shop.svc.example.org', ttlSeconds: 10, policy, backends, ports: [{ name: 'http', protocol: 'tcp', port: 8080 }] },
  ],
});

const ask = (zone: DnsZone, name: string, type = 'A', more: Partial<DnsQuestion> = {}, random = () => 0) =>
  answerQuestion(compileZone(zone), { name, type, class: 'IN', ...more }, random);
const dataOf = (answer: ReturnType<typeof ask>) => answer.answers.map((record) => record.data);
const web = 'web.shop.svc.example.org';

describe('a weighted service', () => {
  const zone = zoneOf([backend('east', 3), backend('west', 1), backend('dead', 0)]);

  it('answers each cluster by its weight and never one of weight 0', () => {
    const random = prng(1, 'dns').next;
    const compiled = compileZone(zone);
    const heard = new Map<string, number>();
    for (let count = 0; count < 4000; count++) {
      const [record] = answerQuestion(compiled, { name: web, type: 'A', class: 'IN' }, random).answers;
      heard.set(String(record?.data), (heard.get(String(record?.data)) ?? 0) + 1);
    }
    expect([...heard.keys()].sort()).toEqual(['192.0.2.101', '192.0.2.119']);
    expect(heard.get('192.0.2.101')).toBeGreaterThan(2850);
    expect(heard.get('192.0.2.101')).toBeLessThan(3150);
  });

  it('names the service as it was asked, with the TTL of the service', () => {
    expect(ask(zone, 'WEB.shop.svc.Example.org').answers).toEqual([
      { type: 'A', name: 'WEB.shop.svc.Example.org', ttlSeconds: 10, data: '192.0.2.101' },
    ]);
  });

  it('answers a cluster by its own name, whatever its weight', () => {
    expect(dataOf(ask(zone, `dead.${web}`))).toEqual(['192.0.2.100']);
  });

  it('lists what serves as SRV with addresses beside', () => {
    const answer = ask(zone, `_http._tcp.${web}`, 'SRV');
    expect(dataOf(answer)).toEqual([
      { priority: 0, weight: 65535, port: 8080, target: `east.${web}` },
      { priority: 0, weight: 21845, port: 8080, target: `west.${web}` },
    ]);
    expect(answer.additionals.map((record) => record.name)).toEqual([`east.${web}`, `west.${web}`]);
  });
});

it('an ordered service answers the first cluster that serves', () => {
  const order = (first: number) => zoneOf([backend('east', first, 0), backend('west', 1, 1)], 'Ordered');
  expect(dataOf(ask(order(1), web))).toEqual(['192.0.2.101']);
  expect(dataOf(ask(order(0), web))).toEqual(['192.0.2.119']);
});

it('a service that nothing serves any more still answers', () => {
  expect(dataOf(ask(zoneOf([backend('east', 0), backend('west', 0)]), web, 'A', {}, () => 0.99))).toEqual(['192.0.2.119']);
});

describe('around the services', () => {
  const zone = zoneOf([backend('east', 1)]);
  it.each([
    ['the apex has SOA', 'svc.example.org', 'SOA', 'NOERROR', 1],
    ['the apex has NS', 'svc.example.org', 'NS', 'NOERROR', 2],
    ['a name server has its address', 'ns-a.svc.example.org', 'AAAA', 'NOERROR', 1],
    ['a name that is not there', 'nope.svc.example.org', 'A', 'NXDOMAIN', 0],
    ['a name with names below it is there', 'shop.svc.example.org', 'A', 'NOERROR', 0],
    ['a record of another type', web, 'TXT', 'NOERROR', 0],
    ['IPv6 of a cluster without it', web, 'AAAA', 'NOERROR', 0],
    ['ANY is answered shortly', web, 'ANY', 'NOERROR', 1],
    ['a transfer', 'svc.example.org', 'AXFR', 'REFUSED', 0],
    ['another zone', 'example.org', 'A', 'REFUSED', 0],
    ['a name that only ends alike', 'evilsvc.example.org', 'A', 'REFUSED', 0],
  ])('%s', (_, name, type, code, count) => {
    const answer = ask(zone, name, type);
    expect([answer.code, answer.answers.length]).toEqual([code, count]);
    // Negative answers tell how long they hold (RFC 2308).
    const isNegative = count === 0 && code !== 'REFUSED';
    expect(answer.authorities.map((record) => record.type)).toEqual(isNegative ? ['SOA'] : []);
  });

  it('another class is refused', () => {
    expect(ask(zone, web, 'A', { class: 'CH' }).code).toBe('REFUSED');
  });

  it('NS comes with the addresses of the name servers in the zone', () => {
    expect(ask(zone, 'svc.example.org', 'NS').additionals.map((record) => record.data)).toEqual(['198.51.100.1', '2001:db8::1']);
  });
});

it('whatever the weights, a service with addresses has an answer, and it serves unless nothing does', () => {
  const backends = fc.uniqueArray(
    fc.record({ cluster: fc.stringMatching(/^[a-z]$/), weight: fc.nat({ max: 3 }), order: fc.nat({ max: 2 }) }),
    { selector: (item) => item.cluster, minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(
      backends,
      fc.constantFrom('Weighted', 'Ordered'),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (drawn, policy, chance) => {
        const zone = zoneOf(
          drawn.map((item) => backend(item.cluster, item.weight, item.order)),
          policy as 'Weighted' | 'Ordered',
        );
        const [record] = ask(zone, web, 'A', {}, () => chance).answers;
        const named = drawn.find((item) => `192.0.2.${item.cluster.charCodeAt(0)}` === record?.data);
        expect(named).toBeDefined();
        if (drawn.some((item) => item.weight > 0)) expect(named?.weight).toBeGreaterThan(0);
      },
    ),
  );
});

it('a zone that cannot be served is refused with the path of each fault', () => {
  const zone = zoneOf([{ ...backend('East', -1), ipv4: [] }]);
  const faults = zoneFaults({
    ...zone,
    nameServers: [],
    services: [...zone.services, { name: 'x.other.org', ttlSeconds: 3600, policy: 'Weighted', backends: [], ports: [] }],
  });
  expect(faults).toEqual([
    'nameServers: is empty; the zone needs one',
    'services[0].backends[0].cluster: "East" is no DNS label',
    'services[0].backends[0].weight: -1 is no whole number from 0 on',
    'services[0].backends[0]: cluster East has no address',
    'services[1].name: x.other.org is not below svc.example.org',
    'services[1].ttlSeconds: 3600 is not between 5 and 30',
    'services[1].backends: is empty; a record set is never empty',
  ]);
});
