/** @module What pods are answered under clusterset.local. */
import { describe, expect, it } from 'vitest';
import { derivedName } from '../names.ts';
import { sharesNow } from '../shares.ts';
import { recordOf } from '../testing.ts';
import { answerQuestion } from './answer.ts';
import { clustersetZone } from './clusterset.ts';
import { compileZone } from './zone.ts';

const record = (type: 'ClusterSetIP' | 'Headless') => {
  const made = recordOf([
    { name: 'a', endpoints: 2 },
    { name: 'b', endpoints: 1 },
  ]);
  const { import: shape, sources } = made.spec;
  if (shape === undefined) throw new Error('no import');
  const named = sources.map((source) => ({
    ...source,
    sets: source.sets.map((set) => ({ ...set, hostnames: Object.fromEntries(set.ready.map((address, at) => [address, `web-${at}`])) })),
  }));
  return { ...made, spec: { ...made.spec, import: { ...shape, type }, sources: named } };
};
const ask = (type: 'ClusterSetIP' | 'Headless', name: string, gone: readonly string[] = [], rrType = 'A'): string => {
  const one = record(type);
  const shares = sharesNow(one.spec, { gone, percent: new Map() });
  const zone = clustersetZone([{ record: one, shares }], 'a', () => ['10.96.0.7'], 1);
  const { code, answers } = answerQuestion(compileZone(zone), { name, type: rrType, class: 'IN' }, () => 0);
  return `${code} ${answers.map(({ data }) => (typeof data === 'string' ? data : JSON.stringify(data))).join(' ')}`.trim();
};
const web = 'web.shop.svc.clusterset.local';

describe('clusterset.local', () => {
  it('answers the address of the service in this cluster, and its ports', () => {
    expect(ask('ClusterSetIP', web)).toBe('NOERROR 10.96.0.7');
    expect(ask('ClusterSetIP', `_http._tcp.${web}`, [], 'SRV')).toContain('"port":80');
  });
  it('names the service in SRV records of one that has an address, not a cluster, which may have no endpoint of it', () => {
    expect(ask('ClusterSetIP', `_http._tcp.${web}`, [], 'SRV')).toBe(`NOERROR {"priority":0,"weight":65535,"port":80,"target":"${web}"}`);
    expect(ask('ClusterSetIP', `a.${web}`)).toBe('NXDOMAIN');
    expect(ask('Headless', `_http._tcp.${web}`, [], 'SRV')).toContain(`"target":"b.${web}"`);
  });
  it('answers all endpoints of a headless service, those of one cluster, and one by its host', () => {
    expect(ask('Headless', web)).toBe('NOERROR 10.1.0.1 10.1.0.2 10.2.0.1');
    expect(ask('Headless', `b.${web}`)).toBe('NOERROR 10.2.0.1');
    expect(ask('Headless', `web-1.a.${web}`)).toBe('NOERROR 10.1.0.2');
    expect(ask('Headless', `web-9.a.${web}`)).toBe('NXDOMAIN');
  });
  it('leaves out the endpoints of a cluster that is gone', () => {
    expect(ask('Headless', web, ['a'])).toBe('NOERROR 10.2.0.1');
  });
  it('answers the import of one cluster by its own address, or by the endpoints there', () => {
    const askPart = (type: 'ClusterSetIP' | 'Headless', cluster: string): string => {
      const made = record(type);
      const one = { ...made, spec: { ...made.spec, perCluster: true } };
      const ips = new Map([one.name, 'web-a', 'web-b'].map((name, at) => [derivedName('shop', name), [`10.96.0.${at}`]]));
      const shares = sharesNow(one.spec, { gone: [], percent: new Map() });
      const zone = clustersetZone([{ record: one, shares }], 'a', (derived) => ips.get(derived) ?? [], 1);
      const name = `web-${cluster}.shop.svc.clusterset.local`;
      const { code, answers } = answerQuestion(compileZone(zone), { name, type: 'A', class: 'IN' }, () => 0);
      return `${code} ${answers.map(({ data }) => String(data)).join(' ')}`.trim();
    };
    expect(askPart('ClusterSetIP', 'b')).toBe('NOERROR 10.96.0.2');
    expect(askPart('ClusterSetIP', 'c')).toBe('NXDOMAIN');
    expect(askPart('Headless', 'a')).toBe('NOERROR 10.1.0.1 10.1.0.2');
    expect(ask('ClusterSetIP', 'web-b.shop.svc.clusterset.local')).toBe('NXDOMAIN');
  });
});
