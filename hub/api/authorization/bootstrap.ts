/** @module The roles that hub and playground members begin with; names and meanings are a Kubernetes cluster's, so that habits and charts work. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import { AUTHENTICATED, MASTERS, UNAUTHENTICATED } from '../authentication/index.ts';

const RBAC = 'rbac.authorization.k8s.io';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

/** What `view` may read and `edit` may write in a namespace. */
const workloads: readonly { apiGroups: string[]; resources: string[] }[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'resourcequotas',
      'serviceaccounts',
      'services',
    ],
  },
  {
    apiGroups: ['apps'],
    resources: [
      'controllerrevisions',
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
];

/** The same of what a hub serves besides. */
const hubWorkloads: typeof workloads = [
  { apiGroups: ['hanse.dev'], resources: ['placementpolicies', 'trafficpolicies'] },
  { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceexports', 'serviceimports'] },
];

const reading = [
  ...workloads.map((rule) => ({ ...rule, verbs: READ })),
  { apiGroups: [''], resources: ['namespaces', 'pods/log', 'pods/status'], verbs: READ },
];
const hubReading = [
  ...hubWorkloads.map((rule) => ({ ...rule, verbs: READ })),
  { apiGroups: ['hanse.dev'], resources: ['placements'], verbs: READ },
  { apiGroups: ['hanse.dev'], resources: ['placementhistories'], verbs: ['create'] },
];
const editing = [
  ...workloads.map((rule) => ({ ...rule, verbs: WRITE })),
  { apiGroups: [''], resources: ['secrets'], verbs: [...READ, ...WRITE] },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
];
const administering = [
  { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: [...READ, ...WRITE] },
  { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
];

const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

const clusterRole = (name: string, rules: readonly object[], more: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name, labels: { ...labels, ...more } },
  rules,
});

/** The label by which a role's rules become part of `admin`, `edit` or `view`. */
const aggregateTo = (role: string): Record<string, string> => ({ [`${RBAC}/aggregate-to-${role}`]: 'true' });

/** A role that is put together from all that carry its label; charts add rules for their own kinds this way. */
const aggregate = (name: string, more: Readonly<Record<string, string>> = {}): KubeObject => ({
  ...clusterRole(name, [], more),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] },
});

const toGroups = (name: string, groups: readonly string[]): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name, labels },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
  subjects: groups.map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group })),
});

/** ClusterRoles and ClusterRoleBindings that every API server begins with. */
export const bootstrapRoles: readonly KubeObject[] = [
  clusterRole('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]),
  aggregate('admin'),
  aggregate('edit', aggregateTo('admin')),
  aggregate('view', aggregateTo('edit')),
  clusterRole('system:aggregate-to-admin', administering, aggregateTo('admin')),
  clusterRole('system:aggregate-to-edit', editing, aggregateTo('edit')),
  clusterRole('system:aggregate-to-view', reading, aggregateTo('view')),
  clusterRole('system:discovery', [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ]),
  clusterRole('system:basic-user', [
    { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  clusterRole('system:public-info-viewer', [
    { nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] },
  ]),
  toGroups('cluster-admin', [MASTERS]),
  toGroups('system:discovery', [AUTHENTICATED]),
  toGroups('system:basic-user', [AUTHENTICATED]),
  toGroups('system:public-info-viewer', [AUTHENTICATED, UNAUTHENTICATED]),
];

/** Those of a hub: what it serves besides is part of `edit` and `view`, too. */
export const hubRoles: readonly KubeObject[] = [
  ...bootstrapRoles,
  clusterRole(
    'hanse:aggregate-to-edit',
    hubWorkloads.map((rule) => ({ ...rule, verbs: WRITE })),
    aggregateTo('edit'),
  ),
  clusterRole('hanse:aggregate-to-view', hubReading, aggregateTo('view')),
  // A plan tells of every namespace: whom to let ask is for the operator to say.
  clusterRole('hanse:planner', [{ apiGroups: ['hanse.dev'], resources: ['planreviews'], verbs: ['create'] }]),
];
