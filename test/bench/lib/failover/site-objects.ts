/** @module What a member of the laboratory holds from the start: the kinds of traffic, and a service that is a real program at a real address. */
import { trafficCrds } from '../../../e2e/traffic-crds.ts';
import { type Member, waitFor } from '../../../testbed/index.ts';
import { front, type Place, ports } from './words.ts';

const port = { name: 'http', protocol: 'TCP', port: ports.backend };
const { namespace, name } = front;
const inFront = `namespaces/${namespace}`;

/** Paths and objects, in order. */
const objectsOf = ({ address }: Place): readonly (readonly [path: string, object: object])[] => [
  ...trafficCrds()
    .split('\n---\n')
    .map((text) => ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', JSON.parse(text) as object] as const),
  ['/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }],
  // Without a selector: its endpoint is no pod of this cluster but the program that answers.
  [`/api/v1/${inFront}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { type: 'LoadBalancer', ports: [port] } }],
  [
    `/apis/discovery.k8s.io/v1/${inFront}/endpointslices`,
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-program`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [port],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  ],
  [
    `/apis/multicluster.x-k8s.io/v1beta1/${inFront}/serviceexports`,
    { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata: { name, namespace } },
  ],
];

/** Creates them; what a CRD has yet to serve is waited for. */
export const createSiteObjects = async ({ call }: Pick<Member, 'call'>, place: Place): Promise<void> => {
  for (const [path, body] of objectsOf(place)) {
    await waitFor(`POST ${path}`, async () => {
      const { status } = await call('POST', path, { body });
      return status === 201 || status === 409;
    });
  }
  // What a cloud's load balancer would say.
  const status = { loadBalancer: { ingress: [{ ip: place.address }] } };
  const headers = { 'content-type': 'application/merge-patch+json' };
  const answer = await call('PATCH', `/api/v1/${inFront}/services/${name}/status`, { body: { status }, headers });
  if (answer.status !== 200) throw new Error(`the address of the service was refused: ${JSON.stringify(answer.body)}`);
};
