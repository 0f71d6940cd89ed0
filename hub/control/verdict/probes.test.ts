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
const [a, b] = [{ apiServer: 'tcp://a.example:6443' }, { apiServer: 'tcp://b.example:6443' }];

describe('where nothing is written', () => {
  test('the API server that the agent tells is looked at, and any answer of it is a sign of life', () => {
    const told = { ...a, services: ['tcp://203.0.113.7:443'] };
    expect(probesIn([clusterOf('a', told)]).get('a')).toEqual([{ role: 'APIServer', url: 'tcp://a.example:6443' }]);
    expect(urlsOf([clusterOf('a', undefined)])).toEqual({ a: [] });
  });

  test('load balancers of exported services are looked at where the agent tells no API server', () => {
    const services = ['tcp://203.0.113.7:443', 'tcp://lb.example:80'];
    expect(urlsOf([clusterOf('a', { services }), clusterOf('b', b)])).toEqual({ a: services, b: ['tcp://b.example:6443'] });
  });

  test('loopback counts where all are on one machine, and nowhere else', () => {
    const [here, there] = [{ apiServer: 'tcp://127.0.0.1:7453' }, { apiServer: 'tcp://[::1]:7454' }];
    expect(urlsOf([clusterOf('x', here), clusterOf('y', there)])).toEqual({ x: ['tcp://127.0.0.1:7453'], y: ['tcp://[::1]:7454'] });
    expect(urlsOf([clusterOf('x', here), clusterOf('b', b)])).toEqual({ x: [], b: ['tcp://b.example:6443'] });
  });

  test('a load balancer elsewhere does not make the API servers of one machine unreachable', () => {
    const [here, pod] = [{ apiServer: 'tcp://127.0.0.1:7453' }, { services: ['tcp://198.18.0.1:80'] }];
    expect(urlsOf([clusterOf('x', here), clusterOf('y', pod)])).toEqual({ x: ['tcp://127.0.0.1:7453'], y: ['tcp://198.18.0.1:80'] });
  });

  test('an address that two clusters have tells of neither: the answer could be the other one', () => {
    const same = { apiServer: 'tcp://10.0.0.1:6443' };
    expect(urlsOf([clusterOf('x', same), clusterOf('y', same), clusterOf('b', b)])).toEqual({ x: [], y: [], b: ['tcp://b.example:6443'] });
  });
});

describe('what is written', () => {
  test('wins over what the agent tells', () => {
    const probes = [{ role: 'Gateway', url: 'https://shop.example/healthz' }] as const;
    expect(probesIn([clusterOf('a', a, { probes })]).get('a')).toEqual(probes);
  });

  test('as an empty list means none', () => {
    expect(urlsOf([clusterOf('a', a, { probes: [] })])).toEqual({ a: [] });
  });
});
