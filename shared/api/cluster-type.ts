/** @module How the API server serves Cluster: its schema, what is refused, its columns. */
import { type Fault, invalid, invalidEach, labelName, labelValue, qualifiedName } from '../kube/names/index.ts';
import type { KubeObject } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { type ClusterSpec, type ClusterStatus, clusterCondition, clusterLabels, drainTaints, labelsOfCluster } from './cluster.ts';
import { clusterStatusShape } from './cluster-status.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf, storedVerbs } from './kind.ts';
import { countOrShare, fields, isBag, list, must, type Shape, text, textMap, word } from './shape.ts';

const taintsMax = 64;
const gpuPricesMax = 256;
const nodeGroupPricesMax = 64;

const price = (description: string): Shape =>
  text(description, (value) =>
    /^\d{1,9}(\.\d{1,9})?$/.test(value) ? [] : ['must be a decimal number of at least 0 in quotes, such as "0.04"'],
  );

const gpuPrices: Shape = {
  schema: { type: 'object', description: 'Price of one GPU for an hour, by product.', additionalProperties: { type: 'string' } },
  check: (value, path) => {
    if (!isBag(value)) return [invalid(path, typeof value, 'must be a map of GPU product to price')];
    const entries = Object.entries(value);
    if (entries.length > gpuPricesMax) return [invalid(path, entries.length, `must have at most ${gpuPricesMax} entries`)];
    return entries.flatMap(([product, amount]) => price('').check(amount, `${path}[${product}]`));
  },
};

const taint = fields('Keeps replicas away that do not tolerate it.', {
  key: must(text('Key of the taint.', qualifiedName)),
  value: text('Value of the taint.', labelValue),
  effect: must(
    word('NoSchedule: no new replicas. PreferNoSchedule: the same, as a preference. NoExecute: present replicas leave too.', [
      'NoSchedule',
      'PreferNoSchedule',
      'NoExecute',
    ]),
  ),
  timeAdded: text('When the taint appeared, RFC 3339.'),
});

const prices = {
  cpuCoreHour: price('Price of one CPU core for an hour.'),
  memoryGiBHour: price('Price of one GiB of memory for an hour.'),
  gpuHour: gpuPrices,
};

const probesMax = 8;
const probeProtocols = ['http:', 'https:', 'tcp:', 'tls:'];

/** An address that others can look at: with a port where the protocol has none of its own, and without secrets. */
const probeUrl = (value: string): string[] => {
  if (value.length > 512 || !URL.canParse(value) || !probeProtocols.includes(new URL(value).protocol))
    return ['must be http://, https://, tcp:// or tls:// with a host, such as https://shop.eu.example/healthz or tcp://203.0.113.7:443'];
  const { hostname, port, protocol, username, password } = new URL(value);
  if (hostname === '' || (port === '' && !protocol.startsWith('http')))
    return ['must have a host and a port, such as tcp://203.0.113.7:443'];
  return username === '' && password === '' ? [] : ['must not hold a user or a password: every agent is given it'];
};

const probe = fields('One address of the cluster.', {
  role: must(
    word(
      'Gateway: what users use; an HTTP answer of 500 and above counts as none. APIServer: any answer counts, also one that refuses, but 502, 503 and 504, which a proxy gives for a server that is gone.',
      ['Gateway', 'APIServer'],
    ),
  ),
  url: must(text('http://, https://, tcp:// or tls://, reachable from the other clusters.', probeUrl)),
});

const specShape = fields(
  'What the operator says of the cluster.',
  {
    role: word('Witness: the agent watches and votes, nothing is placed there.', ['Member', 'Witness']),
    probes: list(
      "Where the other clusters look at this one from outside. Absent: at its API server, or where its agent tells none at the load balancers of exported services (status.addresses). Gateways that are named are looked at beside that API server; an APIServer that is named takes its place. Without any, as with an empty list, the cluster's death cannot be told from its agent's, and nothing moves by vote.",
      probe,
      { type: 'map', keys: ['url'] },
      probesMax,
    ),
    admission: word(
      'Whether the cluster\'s agent is let in. Approve with: kubectl patch cluster NAME --type merge -p \'{"spec":{"admission":"Approved"}}\'',
      ['Pending', 'Approved', 'Denied'],
      {
        default: 'Pending',
      },
    ),
    taints: list('Taints of the cluster.', taint, { type: 'map', keys: ['key', 'effect'] }, taintsMax),
    drain: fields('The cluster is emptied: what runs there is started elsewhere first, and nothing new comes. Absent = it is not.', {
      maxUnavailable: countOrShare(
        'Replicas of each workload that may be missing meanwhile: a number, or a share such as 25%. Defaults to 0.',
      ),
    }),
    pricing: fields('Prices for cost terms of policies.', {
      currency: text('Currency of the prices, ISO 4217.', (value) =>
        /^[A-Z]{3}$/.test(value) ? [] : ['must be three capital letters such as USD'],
      ),
      ...prices,
      spot: fields(
        'Prices of spot nodes (labels of Karpenter, EKS, GKE and AKS, or node.hanse.dev/spot=true); what is absent is as above.',
        prices,
      ),
      nodeGroups: list(
        'Prices of some nodes; the first that selects a node holds, what is absent is as above.',
        fields('Prices of some nodes.', { nodeSelector: must(textMap('Labels of the nodes.')), ...prices }),
        { type: 'atomic' },
        nodeGroupPricesMax,
      ),
    }),
  },
  (value, path): Fault[] => {
    const keys = (Array.isArray(value.taints) ? value.taints : []).map((entry: unknown) =>
      isBag(entry) ? `${String(entry.key)}:${String(entry.effect)}` : '',
    );
    return keys.flatMap((key, index) =>
      keys.indexOf(key) === index
        ? []
        : [{ reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(key)}`, field: `${path}.taints[${index}]` }],
    );
  },
);

/** The schema of Cluster. */
export const clusterSchema = objectSchema(
  'Cluster',
  'Cluster is one member of the federation. An agent in the member joins it; it takes part once spec.admission is Approved. Deleting it revokes the agent at once.',
  { spec: { ...specShape.schema, default: {} }, status: clusterStatusShape.schema },
  [],
);

const specOf = (object: KubeObject): ClusterSpec => (object.spec ?? {}) as ClusterSpec;
const statusOf = (object: KubeObject): ClusterStatus => (object.status ?? {}) as ClusterStatus;

/** How the cluster stands, in one word. */
const readiness = (object: KubeObject): string => {
  if (object.metadata.deletionTimestamp !== undefined) return 'Leaving';
  const { admission = 'Pending' } = specOf(object);
  if (admission === 'Denied') return 'Denied';
  if (statusOf(object).agent === undefined) return 'WaitingForAgent';
  if (admission === 'Pending') return 'PendingApproval';
  const ready = clusterCondition(object, 'Ready');
  if (ready === undefined) return 'Joining';
  if (ready.status === 'True') return 'Ready';
  return ready.status === 'False' ? 'NotReady' : 'Unknown';
};

/** {@link readiness}, and that it is being emptied, as kubectl writes `SchedulingDisabled` of a node. */
const standing = (object: KubeObject): string => `${readiness(object)}${specOf(object).drain === undefined ? '' : ',Drained'}`;

/** `Cluster`, `Cluster (returning)`, `Cluster (held)`; empty while nothing is wrong. */
export const causeText = ({ verdict }: Pick<ClusterStatus, 'verdict'>): string =>
  verdict === undefined
    ? ''
    : `${verdict.cause}${verdict.phase === 'Returning' || verdict.phase === 'Held' ? ` (${verdict.phase.toLowerCase()})` : ''}`;

/** `Ready`, or what lacks for the others to tell its death: `NoProbes`. */
const failoverText = (object: KubeObject): string => {
  const condition = clusterCondition(object, 'FailoverReady');
  if (condition === undefined) return '<unknown>';
  return condition.status === 'True' ? 'Ready' : condition.reason;
};

/** What the operator, a drain and the health of the cluster keep away from it, as placement goes by it. */
const taintsText = (object: KubeObject): string => {
  const { taints = [], drain } = specOf(object);
  const ofDrain = drain === undefined ? [] : drainTaints;
  const all = [...taints, ...ofDrain, ...(statusOf(object).taints ?? [])];
  return all.map(({ key, effect }) => `${key}:${effect}`).join(',') || '<none>';
};

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const status = statusOf(object);
  const labels = labelsOfCluster(object);
  const label = (key: string): string => labels[key] ?? '<none>';
  const nodes = status.nodes === undefined ? '<unknown>' : `${status.nodes.ready}/${status.nodes.total}`;
  return [
    object.metadata.name,
    standing(object),
    causeText(status),
    label(clusterLabels.provider),
    label(clusterLabels.region),
    nodes,
    status.kubernetesVersion ?? '<unknown>',
    ageText(object.metadata.creationTimestamp, nowMs),
    label(clusterLabels.zone),
    taintsText(object),
    failoverText(object),
  ];
};

const validateName = (name: string, prefix: boolean): string[] =>
  labelName(name, prefix).map((message) => `${message}; a cluster's name is part of subjects on the bus`);

/** In the words of {@link validateName}, so that an API server tells it once; plans read Clusters without one. */
const nameFaults = ({ metadata: { name } }: KubeObject): Fault[] => invalidEach('metadata.name', name, validateName(name ?? '', false));

/** How the API server serves Cluster. */
export const clusterType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'Cluster',
  listKind: 'ClusterList',
  resource: 'clusters',
  singular: 'cluster',
  shortNames: ['cl'],
  categories: ['hanse'],
  namespaced: false,
  verbs: storedVerbs,
  schemaName: schemaNameOf('Cluster'),
  validateName,
  hasStatus: true,
  strategicMerge: false,
  strategy: {
    defaults: (object) => {
      const spec = specOf(object);
      return spec.admission === undefined ? { ...object, spec: { ...spec, admission: 'Pending' } } : object;
    },
    validate: (object) => [...nameFaults(object), ...specShape.check(object.spec, 'spec')],
  },
  columns: [
    nameColumn,
    column('Status', 'string', 'How the cluster stands.'),
    column('Cause', 'string', 'What died, or is ill; empty while nothing is.'),
    column('Provider', 'string', 'The cloud it is on.'),
    column('Region', 'string', 'Its region.'),
    column('Nodes', 'string', 'Ready nodes of all nodes.'),
    column('Version', 'string', 'Its Kubernetes version.'),
    ageColumn,
    column('Zone', 'string', 'Its zone.', 1),
    column('Taints', 'string', 'Taints that keep replicas away.', 1),
    column('Failover', 'string', 'Whether the others can tell its death; else what lacks.', 1),
  ],
  cells,
  selectableFields: (object) => ({ 'spec.admission': specOf(object).admission ?? 'Pending' }),
};
