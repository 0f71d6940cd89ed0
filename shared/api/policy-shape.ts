/** @module The shape of a policy's spec: schema with descriptions for `kubectl explain`, and checks that name the field and the mend. */
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  type Fault,
  forbidden,
  invalid,
  invalidEach,
  labelValue,
  pathSegmentName,
  qualifiedName,
  required,
} from '../kube/names/index.ts';
import { labelSelectorShape } from './label-selector.ts';
import { overrideShape } from './override-shape.ts';
import { strategies } from './policy.ts';
import {
  contradictions,
  preferredClustersShape,
  rebalanceShape,
  requiresShape,
  residencyShape,
  workloadTermsShape,
} from './policy-terms-shape.ts';
import { type Field, fields, flag, integer, isBag, list, must, type Shape, text, word } from './shape.ts';

/** Limits of a policy; more is refused. */
export const policyLimits = {
  resourceSelectors: 1000,
  tiers: 32,
  tolerations: 64,
  spread: 8,
  weights: 256,
  bounds: 256,
  overrides: 256,
} as const;
const int32Max = 2_147_483_647;
const weightMax = 1_000_000;

const matching = (what: string): Shape =>
  labelSelectorShape(
    `${what} Besides its own labels a cluster carries hanse.dev/cluster (its name) and, where known, hanse.dev/provider, topology.kubernetes.io/region and topology.kubernetes.io/zone. Absent or empty matches every cluster.`,
  );

/** `v1` of the core group, or a group and one of its versions. */
const isApiVersion = (value: string): boolean => {
  const [group = '', version] = value.split('/', 2);
  if (version === undefined) return /^v\d+((alpha|beta)\d+)?$/.test(group);
  return value.split('/').length === 2 && dns1123Subdomain(group).length === 0 && dns1035Label(version).length === 0;
};

/** Roles may be called whatever can stand in a path; all other kinds have names as DNS has them. */
const nameFaults = (selector: unknown, path: string): Fault[] => {
  if (!isBag(selector) || typeof selector.name !== 'string') return [];
  const { name, apiVersion } = selector;
  if (name === '') return [invalid(`${path}.name`, name, 'must not be empty; remove the field to select all objects of the kind')];
  const isRole = String(apiVersion).startsWith('rbac.authorization.k8s.io/');
  return invalidEach(`${path}.name`, name, isRole ? pathSegmentName(name, false) : dns1123Subdomain(name));
};

const selectorFields = (clusterScoped: boolean): Readonly<Record<string, Field>> => ({
  apiVersion: must(
    text('API version of the objects, such as apps/v1.', (value) =>
      isApiVersion(value) ? [] : ['must be a group and version such as apps/v1, or v1 alone for the core kinds'],
    ),
  ),
  kind: must(
    text('Kind of the objects, such as Deployment.', (value) =>
      /^[A-Z][A-Za-z0-9]{0,62}$/.test(value) ? [] : ['must be a kind in CamelCase such as Deployment; kubectl api-resources lists them'],
    ),
  ),
  ...(clusterScoped ? { namespace: text('Only objects of this namespace; absent = of every namespace.', dns1123Label) } : {}),
  name: text('Only the object of this name. Excludes labelSelector.'),
  labelSelector: labelSelectorShape('Only objects with these labels. Excludes name.'),
});

const resourceSelector = (clusterScoped: boolean): Shape => {
  const shape = selectorShape(clusterScoped);
  return { ...shape, check: (value, path) => [...shape.check(value, path), ...nameFaults(value, path)] };
};

const selectorShape = (clusterScoped: boolean): Shape =>
  fields('Objects the policy governs.', selectorFields(clusterScoped), (value, path) => {
    if (value.name !== undefined && value.labelSelector !== undefined) {
      return [forbidden(`${path}.labelSelector`, 'may not be set together with `name`; remove one of them')];
    }
    const group = String(value.apiVersion).split('/')[0];
    if (group === 'hanse.dev')
      return [invalid(`${path}.apiVersion`, value.apiVersion, "the hub's own kinds are not distributed; select other kinds")];
    return [];
  });

const tier = fields('A set of clusters.', {
  name: must(text('Name of the tier, shown by explanations.', dns1123Label)),
  clusterSelector: matching('Clusters of this tier; one that several tiers match belongs to the first.'),
});

const toleration = fields(
  'Lets replicas be in clusters with a matching taint.',
  {
    key: text('Key of the taint; absent or empty with operator Exists matches all keys.', (key) => (key === '' ? [] : qualifiedName(key))),
    operator: word('Exists ignores the value; Equal compares it. Absent or empty is Equal.', ['Exists', 'Equal', '']),
    value: text('Value of the taint, with operator Equal.', labelValue),
    effect: word('Effect of the taint; absent or empty matches all effects.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute', '']),
    tolerationSeconds: integer('With effect NoExecute: seconds that replicas stay after the taint appeared; absent = for ever.', {
      min: 0,
      max: int32Max,
    }),
  },
  (value, path): Fault[] => {
    if ((value.key ?? '') === '' && value.operator !== 'Exists') {
      return [invalid(`${path}.operator`, value.operator ?? '', "must be Exists when `key` is empty, which means 'match all keys'")];
    }
    if (value.operator === 'Exists' && (value.value ?? '') !== '')
      return [invalid(`${path}.value`, value.value, 'must be empty when `operator` is Exists')];
    if (value.tolerationSeconds !== undefined && value.effect !== 'NoExecute') {
      return [invalid(`${path}.effect`, value.effect ?? '', 'must be NoExecute when `tolerationSeconds` is set')];
    }
    return [];
  },
);

const spread = fields(
  'How replicas spread over the values (domains) of one label of the clusters.',
  {
    topologyKey: must(
      text('Label key whose values are the domains, such as hanse.dev/provider. A cluster without the label is refused.', qualifiedName),
    ),
    minDomains: integer('At least so many domains get replicas. Under DoNotSchedule nothing is placed when too few can be reached.', {
      min: 1,
      max: int32Max,
      mend: 'remove the field for no minimum',
    }),
    maxDomains: integer('At most so many domains get replicas: those in use first, then those with most room, then by name.', {
      min: 1,
      max: int32Max,
      mend: 'remove the field for no maximum',
    }),
    maxSkew: integer(
      'Greatest difference between the replicas of two eligible domains; where maxDomains leaves some out, of two that are used.',
      {
        min: 1,
        max: int32Max,
        mend: 'remove the field for no limit',
      },
    ),
    maxShare: integer(
      "Percent of the workload's replicas that one domain may hold, rounded down; what is above it goes, with a place elsewhere or without.",
      {
        min: 1,
        max: 100,
        mend: 'write a percentage from 1 to 100',
      },
    ),
    whenUnsatisfiable: word(
      'DoNotSchedule: never broken; what runs and has no place elsewhere stays where a lost or a new domain breaks maxSkew or minDomains. ScheduleAnyway: a preference.',
      ['DoNotSchedule', 'ScheduleAnyway'],
      {
        default: 'DoNotSchedule',
      },
    ),
  },
  (value, path) => {
    const [least, most] = [value.minDomains, value.maxDomains];
    if (typeof least === 'number' && typeof most === 'number' && least > most) {
      return [invalid(`${path}.minDomains`, least, `must not be above maxDomains (${most}); lower it or raise maxDomains`)];
    }
    return [];
  },
);

const weightRule = fields('A weight for some clusters.', {
  clusterSelector: matching('Clusters that get this weight.'),
  weight: must(integer('The weight; where several rules match, the largest counts.', { min: 0, max: weightMax })),
});

const boundRule = fields(
  'Bounds for some clusters.',
  {
    clusterSelector: matching('Clusters that the bounds hold for, each by itself.'),
    min: integer('At least so many replicas in each matching cluster. Nothing is placed when that cannot be held.', {
      min: 0,
      max: int32Max,
    }),
    max: integer('At most so many replicas in each matching cluster; present ones above it move.', { min: 0, max: int32Max }),
  },
  (value, path) => {
    const [least, most] = [value.min, value.max];
    if (least === undefined && most === undefined) return [required(`${path}.max`, 'a bound needs `min`, `max` or both')];
    if (typeof least === 'number' && typeof most === 'number' && least > most) {
      return [invalid(`${path}.min`, least, `must not be above max (${most}); lower it or raise max`)];
    }
    return [];
  },
);

const replicaScheduling = fields(
  'How replicas are divided among the clusters.',
  {
    strategy: word(
      'Duplicated: every cluster gets all replicas; with tiers each of the first tier in which one holds them all, and those that have some already. Weighted: by weights, whatever is present. Capacity: in proportion to room, present replicas stay. Aggregated: in as few clusters as possible, those in use first. Cheapest: where one replica costs least by Cluster.spec.pricing, clusters without a price last. Tightest: where the fewest further replicas fit, for GPUs and batch.',
      strategies,
      { default: 'Capacity' },
    ),
    weights: list(
      'Weights for Weighted, not used by other strategies; a cluster that no rule matches, or whose weight is 0, gets nothing. Absent or empty = equal weights.',
      weightRule,
      { type: 'atomic' },
      policyLimits.weights,
    ),
    bounds: list(
      'Least and most replicas of clusters; the narrowest of all matching rules holds.',
      boundRule,
      { type: 'atomic' },
      policyLimits.bounds,
    ),
    gang: flag('All replicas are placed or none.'),
    minReplicas: integer('At least so many replicas are placed or none.', { min: 0, max: int32Max }),
  },
  (value, path) => {
    if (value.strategy !== 'Weighted' || !Array.isArray(value.weights) || value.weights.length === 0) return [];
    if (value.weights.every((rule) => isBag(rule) && rule.weight === 0)) {
      return [
        invalid(`${path}.weights`, 0, 'every weight is 0, so that no cluster gets a replica; give one a weight above 0 or remove the list'),
      ];
    }
    return [];
  },
);

/** Faults of names that occur twice in a list of objects. */
const repeated = (entries: unknown, key: string, path: string): Fault[] => {
  const seen = new Set<unknown>();
  const faults: Fault[] = [];
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const value = isBag(entry) ? entry[key] : undefined;
    if (seen.has(value))
      faults.push({
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(value)}`,
        field: `${path}[${index}].${key}`,
      });
    seen.add(value);
  }
  return faults;
};

/** The shape of `spec`; `clusterScoped` policies may name namespaces. */
export const policySpecShape = (clusterScoped: boolean): Shape =>
  fields(
    'Which objects go to which clusters, and how.',
    {
      priority: integer(
        'Of the policies that match an object the one with the highest priority holds.',
        { min: -int32Max, max: int32Max },
        { default: 0 },
      ),
      resourceSelectors: must(
        list(
          'Objects the policy governs. Of policies with equal priority one that names the object wins over one that selects it by labels, that over one for the whole kind; then the first by name.',
          resourceSelector(clusterScoped),
          { type: 'atomic' },
          policyLimits.resourceSelectors,
        ),
      ),
      propagateDependencies: flag(
        'ConfigMaps, Secrets, ServiceAccounts and PersistentVolumeClaims that a workload names, and Services that select it, follow it. Defaults to true.',
        { default: true },
      ),
      tiers: list(
        'Sets of clusters in order: the next gets only what the ones before cannot hold, and is emptied first. Absent = all clusters.',
        tier,
        { type: 'map', keys: ['name'] },
        policyLimits.tiers,
      ),
      tolerations: list('Taints of clusters that do not keep the replicas out.', toleration, { type: 'atomic' }, policyLimits.tolerations),
      spread: list('Spread over domains; every constraint must hold.', spread, { type: 'map', keys: ['topologyKey'] }, policyLimits.spread),
      replicaScheduling,
      residency: residencyShape,
      requires: requiresShape,
      workloadAffinity: workloadTermsShape(
        'Other workloads to be near: in the same domain of a cluster label. Until one of them is placed a required term keeps the workload waiting, unless its own labels match.',
      ),
      workloadAntiAffinity: workloadTermsShape('Other workloads to keep away from: in another domain of a cluster label.'),
      preferredClusters: preferredClustersShape,
      preemption: word(
        'LowerPriority: replicas of workloads with a lower PriorityClass give way when this one does not fit: for each of its replicas the fewest and lowest of one node, which is kept for it until it is bound there; the explanation of both says so, or why they stay.',
        ['Never', 'LowerPriority'],
        { default: 'Never' },
      ),
      rebalance: rebalanceShape,
      overrides: list(
        'What differs in some clusters, in order; a later rule wins.',
        overrideShape(matching('Clusters that the rule holds for.')),
        { type: 'atomic' },
        policyLimits.overrides,
      ),
      failover: fields('What becomes of replicas when their cluster dies or is left; what is absent is as the FailoverPolicy says.', {
        class: word('Stateless: two that serve at once do no harm. Singleton: the old one has stopped before a new one begins.', [
          'Stateless',
          'Singleton',
        ]),
        afterSeconds: integer('From the verdict until replicas go elsewhere; no sooner than the FailoverPolicy says.', {
          min: 0,
          max: 86_400,
        }),
        surplusSeconds: integer('How long what is no longer wanted in one cluster waits for its replacement in another to be ready.', {
          min: 0,
          max: 86_400,
        }),
      }),
      adopt: word(
        'What to do with an object that a member has already and that is not ours: Never touches it, IfUnowned takes it over when no controller owns it, Always takes it over. Lists that others began, such as containers of other names, are merged and not replaced: which containers run beside ours the Placement says (Applied, ForeignContainers). What was taken over stays as it is, without our marks, when it is not wanted there any more; but workloads go as those that Hanse made, because what runs in another cluster then would run twice.',
        ['Never', 'IfUnowned', 'Always'],
        { default: 'Never' },
      ),
    },
    (value, path) => {
      const selectors = value.resourceSelectors;
      const empty = Array.isArray(selectors) && selectors.length === 0;
      return [
        ...(empty
          ? [required(`${path}.resourceSelectors`, 'at least one is needed, such as {apiVersion: apps/v1, kind: Deployment}')]
          : []),
        ...repeated(value.tiers, 'name', `${path}.tiers`),
        ...repeated(value.spread, 'topologyKey', `${path}.spread`),
        ...contradictions(value, path),
      ];
    },
  );
