/** @module From records to answers: zones of the agents and DNSEndpoint objects. */
import { describe, expect, it } from 'vitest';
import type { TrafficDns } from '../../wire/traffic.ts';
import { sharesNow } from '../shares.ts';
import { recordOf } from '../testing.ts';
import { answerQuestion } from './answer.ts';
import { compileZones, dnsEndpointOf, zoneFor, zonesOf } from './zones.ts';

const dns: TrafficDns = {
  zone: 'svc.example.org',
  name: 'web.shop.svc.example.org',
  ttlSeconds: 5,
  policy: 'Weighted',
  nameServers: [
    { cluster: 'a', addresses: ['192.0.2.53'] },
    { cluster: 'b', addresses: ['2001:db8::53'] },
  ],
  externalDns: true,
};
const shared = (gone: readonly string[] = [], more: Partial<TrafficDns> = {}) => {
  const record = recordOf(
    [
      { name: 'a', endpoints: 4 },
      { name: 'b', endpoints: 4, ...(more.policy === 'Ordered' ? { tier: 1 } : {}) },
    ],
    { dns: { ...dns, ...more } },
  );
  return { record, shares: sharesNow(record.spec, { gone, percent: new Map() }) };
};
const answered = (gone: readonly string[], more: Partial<TrafficDns> = {}): string[] => {
  const zones = compileZones(zonesOf([shared(gone, more)], 1));
  const found = new Set<string>();
  for (let draw = 0; draw < 1; draw += 0.1) {
    const zone = zoneFor(zones, 'WEB.shop.svc.example.org');
    if (zone === undefined) throw new Error('no zone');
    const { answers } = answerQuestion(zone, { name: 'web.shop.svc.example.org', type: 'A', class: 'IN' }, () => draw);
    for (const { data } of answers) found.add(String(data));
  }
  return [...found].sort();
};

describe('a zone', () => {
  it('answers all clusters while none is lost, then the survivors, then in despair everybody', () => {
    expect(answered([])).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(answered(['b'])).toEqual(['192.0.2.1']);
    expect(answered(['a', 'b'])).toHaveLength(1);
  });
  it('answers the first tier that serves where answers are ordered', () => {
    expect(answered([], { policy: 'Ordered' })).toEqual(['192.0.2.1']);
    expect(answered(['a'], { policy: 'Ordered' })).toEqual(['192.0.2.2']);
  });
  it('names every agent that serves names', () => {
    const [zone] = zonesOf([shared()], 7);
    expect(zone).toMatchObject({ origin: dns.zone, serial: 7 });
    expect(zone?.nameServers.map(({ name }) => name)).toEqual(['ns-a.svc.example.org', 'ns-b.svc.example.org']);
  });
  it('is served without a service that nobody has an address for', () => {
    const { record, shares } = shared();
    const bare = { ...record, spec: { ...record.spec, sources: record.spec.sources.map((source) => ({ ...source, addresses: [] })) } };
    expect(zonesOf([{ record: bare, shares }], 1)).toMatchObject([{ services: [] }]);
  });
  it('is the nearest one where zones are inside each other', () => {
    const inner = shared([], { zone: 'eu.svc.example.org', name: 'web.shop.eu.svc.example.org' });
    const zones = compileZones(zonesOf([shared(), inner], 1));
    expect(zoneFor(zones, 'web.shop.eu.svc.example.org')?.zone.origin).toBe('eu.svc.example.org');
    expect(zoneFor(zones, 'example.org')).toBeUndefined();
  });
});

describe('a DNSEndpoint', () => {
  const names = (object: ReturnType<typeof dnsEndpointOf>): string[] =>
    ((object?.spec as { endpoints: { setIdentifier: string; targets: string[] }[] } | undefined)?.endpoints ?? []).map(
      ({ setIdentifier, targets }) => `${setIdentifier} ${targets.join()}`,
    );
  it('has a record set of each cluster that serves, and is never empty', () => {
    expect(names(dnsEndpointOf(shared()))).toEqual(['a 192.0.2.1', 'b 192.0.2.2']);
    expect(names(dnsEndpointOf(shared(['a'])))).toEqual(['b 192.0.2.2']);
    expect(names(dnsEndpointOf(shared(['a', 'b'])))).toHaveLength(1);
  });
  it('is not made where the policy does not want it', () => {
    expect(dnsEndpointOf(shared([], { externalDns: false }))).toBeUndefined();
  });
});
