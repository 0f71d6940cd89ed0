/** @module TrafficPolicy: how requests reach services that several clusters serve, what happens when one is lost, and how it comes back. */
import type { Condition } from '../kube/condition.ts';
import { dns1035Label, dns1123Label, dns1123Subdomain, type Fault, invalid, required } from '../kube/names/index.ts';
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import type { LabelSelectorObject } from '../kube/selectors/index.ts';
import { bagOf, isBag } from '../lib/fields.ts';
import { sameJson } from '../lib/same-json.ts';
import { clustersetOrigin } from '../traffic/dns/clusterset.ts';
import { ttlSecondsMax, ttlSecondsMin } from '../traffic/dns/zone.ts';
import { rampFaults, rampRuleDefault } from '../traffic/ramp.ts';
import { conditionsShape } from './cluster-status.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf, storedVerbs } from './kind.ts';
import { labelSelectorShape } from './label-selector.ts';
import { fields, flag, integer, list, must, type Shape, text, word } from './shape.ts';

/** `spec` of a TrafficPolicy; what is absent has its default. */
export type TrafficPolicySpec = {
  /** Services of the policy's namespace by name. */
  readonly services?: readonly string[];
  /** Services by the labels of their ServiceExport at the hub. */
  readonly serviceSelector?: LabelSelectorObject;
  /** Fixed shares; the first that selects a cluster holds, one that none selects gets nothing. Absent = by capacity. */
  readonly weights?: readonly { readonly clusterSelector: LabelSelectorObject; readonly weight: number }[];
  /** Clusters in order: a later tier is used when the earlier ones have no room. Clusters of no tier come last. */
  readonly tiers?: readonly { readonly name: string; readonly clusterSelector: LabelSelectorObject }[];
  readonly demand?: {
    /** At peak, over all clusters. */
    readonly requestsPerSecond?: number;
    /** What one ready endpoint serves. */
    readonly requestsPerSecondPerEndpoint?: number;
  };
  readonly headroom?: {
    /** Percent of the requested CPU that pods may use on the average after a loss. */
    readonly targetPercent?: number;
  };
  readonly shedPriority?: number;
  readonly survivorsMin?: number;
  /** Losses of several clusters at once that are planned for. */
  readonly losses?: readonly { readonly clusters: readonly string[] }[];
  readonly failback?: {
    readonly mode?: 'Automatic' | 'Manual';
    readonly holdDownSeconds?: number;
    readonly stepsPercent?: readonly number[];
    readonly stepSeconds?: number;
    readonly setbacksMax?: number;
    readonly released?: readonly string[];
  };
  readonly reach?: 'Pods' | 'Gateway';
  readonly gateway?: { readonly namespace?: string; readonly name: string };
  readonly perClusterImports?: boolean;
  readonly dns?: {
    readonly zone: string;
    readonly ttlSeconds?: number;
    readonly answers?: 'Weighted' | 'Ordered';
    readonly externalDNS?: boolean;
  };
};

/** One service under the policy. */
export type TrafficServiceStatus = {
  readonly name: string;
  /** Record that the agents were last given. */
  readonly epoch: number;
  /** `eu 60%, us 40%`, as it is while nothing is lost. */
  readonly shares: string;
  /** Clusters that get less than that now, and in how many clusters that is so. */
  readonly away?: readonly string[];
  /** What each single loss would leave unserved, where it would. */
  readonly shortfalls?: readonly { readonly lost: string; readonly unserved: number }[];
  /** By what each cluster's room is counted. */
  readonly headroom?: readonly ClusterHeadroom[];
};

/** By what the room of one cluster is counted. */
export type ClusterHeadroom = {
  readonly cluster: string;
  readonly basis: 'Measured' | 'Declared';
  /** Percent of the CPU that ready pods request. */
  readonly usePercent?: number;
  /** Why it is not measured, where the cluster says so. */
  readonly reason?: string;
};

/** `status` of a TrafficPolicy. */
export type TrafficPolicyStatus = {
  readonly observedGeneration?: number;
  readonly services?: readonly TrafficServiceStatus[];
  readonly conditions?: readonly Condition[];
};

/** A traffic policy. */
export type TrafficPolicy = {
  readonly apiVersion: string;
  readonly kind: 'TrafficPolicy';
  readonly metadata: ObjectMeta;
  readonly spec: TrafficPolicySpec;
  readonly status?: TrafficPolicyStatus;
};

/** What holds where a policy says nothing, and where there is none. */
export const trafficDefaults = {
  shedPriority: 0,
  headroom: { targetPercent: 80 },
  survivorsMin: 1,
  reach: 'Pods',
  failback: {
    mode: rampRuleDefault.mode,
    // The verdict has a hold-down of its own before it is lifted (FailoverPolicy); this one comes on top.
    holdDownSeconds: 10,
    stepsPercent: rampRuleDefault.stepsPercent,
    stepSeconds: rampRuleDefault.stepMs / 1_000,
    setbacksMax: rampRuleDefault.setbacksMax,
  },
  dns: { ttlSeconds: 10, answers: 'Weighted' },
} as const;

const int32Max = 2_147_483_647;
const loadMax = 1_000_000_000;
const dayLong = 86_400;
const servicesMax = 256;
const tiersMax = 32;
const clustersMax = 500;
const lossesMax = 64;

const clusterName = text('Name of a cluster.', dns1123Label);

const failback: Shape = fields(
  'How a cluster that was lost gets its share back, once its verdict is lifted.',
  {
    mode: word('Manual: after the hold-down an operator names the cluster in released, for each return anew.', ['Automatic', 'Manual'], {
      default: trafficDefaults.failback.mode,
    }),
    holdDownSeconds: integer(
      'How long the cluster must be well before anything returns; the hold-down of its verdict (FailoverPolicy) comes before. After steps back twice as long for each, at most 32 times.',
      { min: 0, max: dayLong },
      { default: trafficDefaults.failback.holdDownSeconds },
    ),
    stepsPercent: list(
      'Percent of its full share, rising, the last 100. Default: 10, 25, 50, 100.',
      integer('A percentage.', { min: 1, max: 100 }),
      { type: 'atomic' },
      20,
    ),
    stepSeconds: integer(
      'How long each step must go well; twice as long after each step back, at most 32 times.',
      { min: 1, max: dayLong },
      { default: trafficDefaults.failback.stepSeconds },
    ),
    setbacksMax: integer(
      'After so many steps back in one return it waits for an operator to name it in released; where mode is Automatic only until it has been well for 32 times the longer of holdDownSeconds and stepSeconds. One trouble is one step back, and one more each time it has lasted for stepSeconds.',
      { min: 1, max: 100 },
      { default: trafficDefaults.failback.setbacksMax },
    ),
    released: list(
      'Clusters that wait for an operator and may return. A name counts for one return: one that is there when the cluster is lost, or when it begins to wait after setbacks, says nothing until it is taken out, the condition Returns says so, and it is added again.',
      clusterName,
      { type: 'set' },
      clustersMax,
    ),
  },
  ({ stepsPercent }, path): Fault[] =>
    stepsPercent === undefined
      ? []
      : rampFaults({ ...rampRuleDefault, stepsPercent: stepsPercent as number[] }).map((message) =>
          invalid(`${path}.stepsPercent`, JSON.stringify(stepsPercent), `${message}; such as [10, 25, 50, 100]`),
        ),
);

/** Agents answer `clusterset.local` by themselves, for the pods of their cluster. */
const zoneName = (value: string): string[] =>
  value === clustersetOrigin || value.endsWith(`.${clustersetOrigin}`)
    ? [`each agent answers ${clustersetOrigin} to the pods of its cluster by itself; choose a zone that is yours`]
    : dns1123Subdomain(value);

const specShape = fields(
  'How requests reach the services.',
  {
    services: list('Services of this namespace, by name.', text('Name of a Service.', dns1035Label), { type: 'set' }, servicesMax),
    serviceSelector: labelSelectorShape(
      'Services by the labels of their ServiceExport at the hub. A policy that names a service goes before.',
    ),
    weights: list(
      'Fixed shares of the clusters; the first that selects a cluster holds, one that none selects gets nothing. Absent, empty, or where no cluster that serves has a share: by capacity.',
      fields('The share of some clusters.', {
        clusterSelector: must(labelSelectorShape('The clusters, by label; hanse.dev/cluster is the name.')),
        weight: must(integer('Share of each; only the ratio counts, 0 = nothing.', { min: 0, max: 1_000_000 })),
      }),
      { type: 'atomic' },
      tiersMax,
    ),
    tiers: list(
      'Clusters in the order in which they are used: a later tier gets requests when the earlier ones have no room. Clusters of no tier come last.',
      fields('One tier.', {
        name: must(text('Name of the tier.', dns1123Label)),
        clusterSelector: must(labelSelectorShape('The clusters, by label; hanse.dev/cluster is the name.')),
      }),
      { type: 'map', keys: ['name'] },
      tiersMax,
    ),
    demand: fields(
      'What is asked for and what can be served. Absent: capacity is counted in ready endpoints, which are taken to be half used.',
      {
        requestsPerSecond: must(integer('Requests a second at peak, over all clusters.', { min: 1, max: loadMax })),
        requestsPerSecondPerEndpoint: must(integer('What one ready endpoint serves.', { min: 1, max: loadMax })),
      },
    ),
    headroom: fields(
      'How full survivors of a loss may get. Where a cluster serves metrics.k8s.io, what ready pods use of the CPU that they request is measured, and losses are planned by that; elsewhere by demand, or its default.',
      {
        targetPercent: integer(
          'Percent of the requested CPU that pods may use on the average, as averageUtilization of a HorizontalPodAutoscaler: capacity is what they serve then.',
          { min: 10, max: 100 },
          { default: trafficDefaults.headroom.targetPercent },
        ),
      },
    ),
    shedPriority: integer(
      'Where services share the limit of a cluster (annotation hanse.dev/requests-per-second of the Cluster), those of a lower number lose requests first.',
      { min: -int32Max, max: int32Max },
      { default: trafficDefaults.shedPriority },
    ),
    survivorsMin: integer(
      'Clusters that requests go to whatever is found dead.',
      { min: 1, max: clustersMax },
      { default: trafficDefaults.survivorsMin },
    ),
    losses: list(
      'Losses of several clusters at once to plan for; every single one is planned for.',
      fields('One loss.', {
        clusters: must(list('The clusters, at least two.', clusterName, { type: 'set' }, 8)),
      }),
      { type: 'atomic' },
      lossesMax,
    ),
    failback,
    reach: word(
      'Where endpoints of other clusters lead: Pods where pod networks are routed between clusters, Gateway: to the addresses of the cluster.',
      ['Pods', 'Gateway'],
      { default: trafficDefaults.reach },
    ),
    gateway: fields('The Gateway in each cluster whose addresses the service is reached by; absent: the load balancer of the Service.', {
      namespace: text("Its namespace; absent: the policy's.", dns1123Label),
      name: must(text('Its name.', dns1123Subdomain)),
    }),
    perClusterImports: flag('Also makes a ServiceImport for each cluster, SERVICE-CLUSTER, for routes that weigh clusters.'),
    dns: fields('Names for clients outside the clusters, answered by the name servers of the agents.', {
      zone: must(text('The zone, such as svc.example.org. Names are SERVICE.NAMESPACE.ZONE.', zoneName)),
      ttlSeconds: integer(
        'How long resolvers may keep an answer.',
        { min: ttlSecondsMin, max: ttlSecondsMax },
        { default: trafficDefaults.dns.ttlSeconds },
      ),
      answers: word(
        'Weighted: each answer is one cluster, by weight. Ordered: the first cluster that serves, by tier.',
        ['Weighted', 'Ordered'],
        {
          default: trafficDefaults.dns.answers,
        },
      ),
      externalDNS: flag('Also writes DNSEndpoint objects for ExternalDNS; its instances in all clusters must have one --txt-owner-id.'),
    }),
  },
  ({ services, serviceSelector, losses }, path): Fault[] => [
    ...(services === undefined && serviceSelector === undefined
      ? [required(`${path}.services`, 'name the services, or select them with serviceSelector: {}')]
      : []),
    ...((losses as { clusters: unknown[] }[] | undefined) ?? []).flatMap(({ clusters }, at) =>
      clusters.length >= 2
        ? []
        : [
            invalid(
              `${path}.losses[${at}].clusters`,
              clusters.length,
              'must name two clusters or more: every single loss is planned for anyway',
            ),
          ],
    ),
  ],
);

const validate = (object: KubeObject): Fault[] => [...specShape.check(object.spec ?? {}, 'spec')];

/** Faults of weights that say nothing. They were admitted once: what is stored so can be changed otherwise, and deleted. */
const weightsFaults = ({ spec }: KubeObject): Fault[] => {
  const { weights } = bagOf(spec);
  if (!Array.isArray(weights) || weights.length === 0 || !weights.every((rule) => isBag(rule) && rule.weight === 0)) return [];
  const message =
    'every weight is 0, so that requests would go by capacity, as without weights; give a cluster a weight above 0, or remove the list';
  return [invalid('spec.weights', 0, message)];
};

const statusShape = fields('What became of the policy.', {
  observedGeneration: integer('Generation this is about.', { min: 0, max: Number.MAX_SAFE_INTEGER }, { format: 'int64' }),
  services: list(
    'The services.',
    fields('One service.', {
      name: must(text('Its name.')),
      epoch: must(
        integer('Number of the record that the agents were last given.', { min: 0, max: Number.MAX_SAFE_INTEGER }, { format: 'int64' }),
      ),
      shares: must(text('Shares of the clusters while nothing is lost.')),
      away: list('Clusters that get less than that now, why, and where that is so.', text('One cluster.'), { type: 'atomic' }, 500),
      shortfalls: list(
        'Losses that the others have no room for.',
        fields('One loss.', {
          lost: must(text('The clusters.')),
          unserved: must(integer('What nobody could serve.', { min: 0, max: int32Max })),
        }),
        { type: 'atomic' },
        1_000,
      ),
      headroom: list(
        'By what the room of each cluster is counted when losses are planned.',
        fields('One cluster.', {
          cluster: must(text('Its name.')),
          basis: must(
            word('Measured: by what its pods use. Declared: by demand, or half of what its ready endpoints can serve.', [
              'Measured',
              'Declared',
            ]),
          ),
          usePercent: integer('Percent of the CPU that ready pods request, as losses were last planned by it.', { min: 0, max: int32Max }),
          reason: text('Why it is not measured, where the cluster serves metrics.k8s.io.'),
        }),
        { type: 'map', keys: ['cluster'] },
        clustersMax,
      ),
    }),
    { type: 'map', keys: ['name'] },
    5_000,
  ),
  conditions: conditionsShape,
});

/** The schema of TrafficPolicy. */
export const trafficPolicySchema = objectSchema(
  'TrafficPolicy',
  'TrafficPolicy says how requests reach services that several clusters serve: shares, order, names, what happens when a cluster is lost, and how it comes back. Services without one go by the defaults.',
  { spec: specShape.schema, status: statusShape.schema },
  ['spec'],
);

const readyOf = (status: TrafficPolicyStatus | undefined): string => {
  const found = (status?.conditions ?? []).find(({ type }) => type === 'Ready');
  return found === undefined ? 'Unknown' : found.status === 'True' ? 'True' : found.reason;
};

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const { spec, status } = object as unknown as TrafficPolicy;
  const under = status?.services ?? [];
  const short = under.flatMap(({ shortfalls = [] }) => shortfalls.map(({ lost }) => lost));
  return [
    object.metadata.name,
    spec.services?.join(',') ?? '<selector>',
    readyOf(status),
    spec.tiers?.map(({ name }) => name).join('>') ?? (spec.weights === undefined ? 'Capacity' : 'Weights'),
    spec.dns?.zone ?? '<none>',
    [...new Set(short)].join(',') || '<none>',
    ageText(object.metadata.creationTimestamp, nowMs),
    under.map(({ name, shares }) => `${name}: ${shares}`).join('; '),
  ];
};

/** How the API server serves TrafficPolicy. */
export const trafficPolicyType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'TrafficPolicy',
  listKind: 'TrafficPolicyList',
  resource: 'trafficpolicies',
  singular: 'trafficpolicy',
  shortNames: ['tp'],
  categories: ['hanse'],
  namespaced: true,
  verbs: storedVerbs,
  schemaName: schemaNameOf('TrafficPolicy'),
  hasStatus: true,
  strategicMerge: false,
  strategy: {
    validate: (object) => [...validate(object), ...weightsFaults(object)],
    validateUpdate: (object, old) => [
      ...validate(object),
      ...(sameJson(bagOf(object.spec).weights, bagOf(old.spec).weights) ? [] : weightsFaults(object)),
    ],
  },
  columns: [
    nameColumn,
    column('Services', 'string', 'The services.'),
    column('Ready', 'string', 'Whether all clusters act by it; else why not.'),
    column('Shares', 'string', 'By what the clusters share the requests.'),
    column('Zone', 'string', 'The zone of its names.'),
    column('Unsafe', 'string', 'Clusters whose loss the others have no room for.'),
    ageColumn,
    column('Planned', 'string', 'Shares while nothing is lost; status.services[].away says who gets less now.', 1),
  ],
  cells,
};
