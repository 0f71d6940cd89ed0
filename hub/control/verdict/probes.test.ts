/** @module Where the others look at a cluster from outside. */
import { describe, expect, test } from 'vitest';
import type { Cluster, ClusterSpec, ClusterStatus } from '../../../shared/api/index.ts';
import { probesIn } from './probes.ts';

const clusterOf = (name: string, addresses: ClusterStatus['addresses'], spec: ClusterSpec = {}): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name },
  spec,
  status: addresses === undefined ? {} : { addresses },
});
const urlsOf = (clusters: readonly Cluster[]) =>
  Object.fromEntries([...probesIn(clusters)].map(([name, probes]) => [name, probes.map(({ url }) => url)]));
const [a, b] = [{ apiServer: 'https://a.example:6443' }, { apiServer: 'https://b.example:6443' }];

describe('where nothing is written', () => {
  test('the API server that the agent tells is looked at, and any answer of it is a sign of life', () => {
    const told = { ...a, services: ['tcp://203.0.113.7:443'] };
    expect(probesIn([clusterOf('a', told)]).get('a')).toEqual([{ role: 'APIServer', url: 'https://a.example:6443/readyz' }]);
    expect(urlsOf([clusterOf('a', undefined)])).toEqual({ a: [] });
  });

  test('load balancers of exported services are looked at where the agent tells no API server', () => {
    const services = ['tcp://203.0.113.7:443', 'tcp://lb.example:80'];
    expect(urlsOf([clusterOf('a', { services }), clusterOf('b', b)])).toEqual({ a: services, b: ['https://b.example:6443/readyz'] });
  });

  test('loopback counts where all are on one machine, and nowhere else', () => {
    const [here, there] = [{ apiServer: 'https://127.0.0.1:7453' }, { apiServer: 'https://[::1]:7454' }];
    expect(urlsOf([clusterOf('x', here), clusterOf('y', there)])).toEqual({
      x: ['https://127.0.0.1:7453/readyz'],
      y: ['https://[::1]:7454/readyz'],
    });
    expect(urlsOf([clusterOf('x', here), clusterOf('b', b)])).toEqual({ x: [], b: ['https://b.example:6443/readyz'] });
  });

  test('a load balancer elsewhere does not make the API servers of one machine unreachable', () => {
    const [here, pod] = [{ apiServer: 'https://127.0.0.1:7453' }, { services: ['tcp://198.18.0.1:80'] }];
    expect(urlsOf([clusterOf('x', here), clusterOf('y', pod)])).toEqual({
      x: ['https://127.0.0.1:7453/readyz'],
      y: ['tcp://198.18.0.1:80'],
    });
  });

  test('an address that two clusters have tells of neither: the answer could be the other one', () => {
    const same = { apiServer: 'https://10.0.0.1:6443' };
    expect(urlsOf([clusterOf('x', same), clusterOf('y', same), clusterOf('b', b)])).toEqual({
      x: [],
      y: [],
      b: ['https://b.example:6443/readyz'],
    });
  });
});

describe('what is written', () => {
  test('as gateways comes beside the API server that the agent tells: it alone shows that a cluster lives whose agent and gateway are dead', () => {
    const probes = [{ role: 'Gateway', url: 'https://shop.example/healthz' }] as const;
    const apiServer = { role: 'APIServer', url: 'https://a.example:6443/readyz' };
    expect(probesIn([clusterOf('a', a, { probes })]).get('a')).toEqual([...probes, apiServer]);
    expect(urlsOf([clusterOf('a', { services: ['tcp://203.0.113.7:443'] }, { probes })])).toEqual({ a: ['https://shop.example/healthz'] });
  });

  test('as an API server takes the place of what the agent tells', () => {
    const probes = [{ role: 'APIServer', url: 'https://api.outside.example/livez' }] as const;
    expect(probesIn([clusterOf('a', a, { probes })]).get('a')).toEqual(probes);
  });

  test('as an empty list means none', () => {
    expect(urlsOf([clusterOf('a', a, { probes: [] })])).toEqual({ a: [] });
  });
});
