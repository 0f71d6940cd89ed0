/** @module The YAML that puts an agent into a real cluster (`hanse join --manifest`), with the rights it needs and no more. */
import { stringify } from 'yaml';
import type { KubeObject } from '../shared/kube/object.ts';
import type { Listening } from './settings.ts';
import { SYSTEM_NAMESPACE } from './work/index.ts';

/** What the manifest is made for. */
export type ManifestOptions = {
  readonly cluster: string;
  readonly hubUrl: string;
  /** PEM. */
  readonly hubCa?: string;
  readonly token: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Grants what reading the kubelets' configurations takes, and turns it on. */
  readonly readKubeletConfig?: boolean;
  /** Where datagrams of the other agents are listened for, and what they reach that by. */
  readonly mesh?: Listening;
  /** Where names of services are answered, and what resolvers reach that by. */
  readonly dns?: Listening;
  readonly logLevel?: string;
  /** Image that runs `agent/main.ts`. */
  readonly image: string;
};

const NAME = 'hanse-agent';
/** Roles with this label are added to the agent's: how an admin lets it handle more kinds. */
const AGGREGATE_LABEL = 'hanse.dev/aggregate-to-agent';

type Rule = { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] };

const read = ['get', 'list', 'watch'];
/** Server-side apply is `patch`, and `create` where the object is new. */
const apply = [...read, 'create', 'patch', 'delete'];

const inventoryRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['nodes', 'pods'], verbs: read },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: read },
  { apiGroups: ['node.k8s.io'], resources: ['runtimeclasses'], verbs: read },
  { apiGroups: ['topology.node.k8s.io'], resources: ['noderesourcetopologies'], verbs: read },
  { apiGroups: ['k8s.cni.cncf.io'], resources: ['network-attachment-definitions'], verbs: read },
  { apiGroups: [''], resources: ['resourcequotas'], verbs: read },
  { apiGroups: ['resource.k8s.io'], resources: ['resourceslices', 'resourceclaims', 'deviceclasses'], verbs: read },
  { apiGroups: ['cluster.x-k8s.io'], resources: ['machinedeployments'], verbs: read },
  { apiGroups: ['karpenter.sh'], resources: ['nodepools'], verbs: read },
  // Names, columns and schemas of the kinds that the cluster adds.
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['get', 'list'] },
];

/** Reaches all of a kubelet's API, so that it is given only when asked for. */
const kubeletRules: readonly Rule[] = [{ apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }];

const workRules: readonly Rule[] = [
  {
    apiGroups: [''],
    resources: ['namespaces', 'configmaps', 'secrets', 'serviceaccounts', 'services', 'persistentvolumeclaims', 'pods'],
    verbs: apply,
  },
  // The node that the hub keeps for a pod which waits.
  { apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: apply },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: apply },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: apply },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: apply },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: apply },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: apply },
];

/** Imports are written, exports and routes read; of a route only weights are set. */
const trafficRules: readonly Rule[] = [
  { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports'], verbs: apply },
  { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceexports'], verbs: read },
  { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports/status', 'serviceexports/status'], verbs: ['patch'] },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: read },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes', 'grpcroutes'], verbs: [...read, 'patch'] },
  { apiGroups: ['externaldns.k8s.io'], resources: ['dnsendpoints'], verbs: apply },
  // What the pods of exported services use.
  { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['get', 'list'] },
];

/** For the policy by which the cluster refuses stale writes. It is never deleted: the README says how a cluster that leaves is rid of it. */
const fenceRules: readonly Rule[] = [
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
    verbs: ['get', 'create', 'patch'],
  },
];

/** The manifest as one YAML text of several documents, ready for `kubectl apply -f -`. */
export const agentManifest = (options: ManifestOptions): string =>
  manifestObjects(options)
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');

/** The manifest's objects, in the order to apply them. */
export const manifestObjects = (options: ManifestOptions): readonly KubeObject[] => {
  const labels = { 'app.kubernetes.io/name': NAME };
  const metadata = { name: NAME, namespace: SYSTEM_NAMESPACE, labels };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE, labels } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: NAME, labels },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [AGGREGATE_LABEL]: 'true' } }] },
      rules: [],
    },
    role('inventory', inventoryRules),
    role('work', workRules),
    role('traffic', trafficRules),
    role('fence', fenceRules),
    ...(options.readKubeletConfig === true ? [role('kubelets', kubeletRules)] : []),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: NAME, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: SYSTEM_NAMESPACE }],
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'Opaque',
      stringData: { token: options.token, ...(options.hubCa === undefined ? {} : { 'hub-ca.crt': options.hubCa }) },
    },
    deployment(options, metadata),
  ];
};

const role = (part: string, rules: readonly Rule[]): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: `${NAME}-${part}`, labels: { 'app.kubernetes.io/name': NAME, [AGGREGATE_LABEL]: 'true' } },
  rules,
});

/** Ports below this one need a right that the agent does not have. */
const UNPRIVILEGED_PORT_MIN = 1_024;
/** Gives it to the pod alone; one of the settings that Kubernetes counts as safe. */
const lowPorts = { name: 'net.ipv4.ip_unprivileged_port_start', value: '0' };

const listeningVariables = (prefix: string, listening: Listening | undefined): Readonly<Record<string, string>> =>
  listening === undefined
    ? {}
    : {
        [`${prefix}_LISTEN`]: `${listening.host.includes(':') ? `[${listening.host}]` : listening.host}:${listening.port}`,
        ...(listening.addresses === undefined ? {} : { [`${prefix}_ADDRESSES`]: listening.addresses.join(',') }),
      };

/** The node's own port: other clusters and resolvers reach the pod by the address of its node. */
const hostPort = (name: string, protocol: 'TCP' | 'UDP', { port }: Listening) => ({ name, protocol, containerPort: port, hostPort: port });

const deployment = (options: ManifestOptions, metadata: KubeObject['metadata']): KubeObject => {
  const selector = { 'app.kubernetes.io/name': NAME };
  const proposed = Object.entries(options.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const plain = {
    HANSE_CLUSTER: options.cluster,
    HANSE_HUB: options.hubUrl,
    ...(proposed.length === 0 ? {} : { HANSE_LABELS: proposed.join(',') }),
    ...(options.readKubeletConfig === true ? { HANSE_READ_KUBELET_CONFIG: 'true' } : {}),
    ...(options.logLevel === undefined ? {} : { HANSE_LOG_LEVEL: options.logLevel }),
    ...listeningVariables('HANSE_MESH', options.mesh),
    ...listeningVariables('HANSE_DNS', options.dns),
  };
  const ports = [
    ...(options.mesh === undefined ? [] : [hostPort('mesh', 'UDP', options.mesh)]),
    ...(options.dns === undefined ? [] : [hostPort('dns', 'UDP', options.dns), hostPort('dns-tcp', 'TCP', options.dns)]),
  ];
  const caPath = '/etc/hanse/hub-ca.crt';
  const withCa = options.hubCa !== undefined;
  const container = {
    name: 'agent',
    image: options.image,
    env: [
      ...Object.entries(plain).map(([name, value]) => ({ name, value })),
      { name: 'HANSE_TOKEN', valueFrom: { secretKeyRef: { name: NAME, key: 'token' } } },
      ...(withCa ? [{ name: 'HANSE_HUB_CA', value: caPath }] : []),
    ],
    ...(ports.length === 0 ? {} : { ports }),
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ...(withCa ? { volumeMounts: [{ name: 'hub', mountPath: '/etc/hanse', readOnly: true }] } : {}),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      // Two agents of one cluster would fight over one identity.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: selector },
        spec: {
          serviceAccountName: NAME,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
            ...(ports.some(({ containerPort }) => containerPort < UNPRIVILEGED_PORT_MIN) ? { sysctls: [lowPorts] } : {}),
          },
          containers: [container],
          ...(withCa
            ? { volumes: [{ name: 'hub', secret: { secretName: NAME, items: [{ key: 'hub-ca.crt', path: 'hub-ca.crt' }] } }] }
            : {}),
        },
      },
    },
  };
};
