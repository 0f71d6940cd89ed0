/** @module What a member of the laboratory holds from the start: the kinds of traffic, and a service that is a real program at a real address. */
import { httpClient, loadKubeconfig } from '../../../../agent/cluster/index.ts';
import { mcsGroup, mcsVersion } from '../../../../shared/api/index.ts';
import type { GroupVersionResource, KubeObject } from '../../../../shared/kube/object.ts';
import { StatusError } from '../../../../shared/kube/status-error.ts';
import { silentLog } from '../../../../shared/lib/index.ts';
import { nodeEnv } from '../../../../shared/node/index.ts';
import { trafficCrds } from '../../../e2e/traffic-crds.ts';
import { waitFor } from '../../../testbed/index.ts';
import { front, type Place, ports, type SiteOptions } from './words.ts';

const port = { name: 'http', protocol: 'TCP', port: ports.backend };
const { namespace, name } = front;

const core = { group: '', version: 'v1' };
const services = { ...core, resource: 'services' };
const mcs = { group: mcsGroup, version: mcsVersion };
const crds = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };

/** Without a selector: its endpoint is no pod of this cluster but the program that answers. Its class keeps other balancers away. */
const serviceSpec = { type: 'LoadBalancer', loadBalancerClass: 'lab.example/program', ports: [port] };

type Given = readonly [type: GroupVersionResource, object: KubeObject];

/** A playground member has them from the start. */
const trafficKinds = (): Given[] =>
  trafficCrds()
    .split('\n---\n')
    .map((text) => [crds, JSON.parse(text) as KubeObject]);

const objectsAt = ({ address }: Place): Given[] => [
  [
    { ...core, resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  ],
  [services, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: serviceSpec }],
  [
    { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-program`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [port],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  ],
  [
    { ...mcs, resource: 'serviceexports' },
    { apiVersion: `${mcs.group}/${mcs.version}`, kind: 'ServiceExport', metadata: { name, namespace } },
  ],
];

const isThere = (error: unknown): boolean => error instanceof StatusError && error.code === 409;

/** Creates them; what a CRD has yet to serve is waited for. */
export const createSiteObjects = async (kubeconfig: string, { site, member }: SiteOptions): Promise<void> => {
  const client = httpClient(await loadKubeconfig(kubeconfig, nodeEnv(silentLog)), { userAgent: 'lab' });
  try {
    for (const [type, object] of [...(member === 'Real' ? trafficKinds() : []), ...objectsAt(site)]) {
      await waitFor(`${object.kind} ${object.metadata.name}`, async () => {
        try {
          await client.create(type, object);
        } catch (error) {
          if (!isThere(error)) throw error;
        }
        return true;
      });
    }
    // What a cloud's load balancer would say.
    const status = { loadBalancer: { ingress: [{ ip: site.address }] } };
    await client.patch({ ...services, namespace, name }, 'application/merge-patch+json', { status }, { subresource: 'status' });
  } finally {
    await client.close();
  }
};
