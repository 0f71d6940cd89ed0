/** @module The terms of a policy that select clusters beyond tiers and taints: residency, requirements, affinities, preferences. */
import { dns1123Subdomain, type Fault, invalid, labelValue, qualifiedName, required } from '../kube/names/index.ts';
import { labelSelectorShape } from './label-selector.ts';
import { gpuSharings } from './policy.ts';
import { fields, integer, isBag, list, must, type Shape, text, word } from './shape.ts';

const int32Max = 2_147_483_647;
const valuesMax = 256;
const termsMax = 64;

const notEmpty =
  (what: string) =>
  (value: Readonly<Record<string, unknown>>, path: string): Fault[] =>
    Array.isArray(value.values) && value.values.length === 0
      ? [required(`${path}.values`, `name at least one ${what}, or remove the term`)]
      : [];

/** A list of names without repetition; an empty one is refused because it would mean nothing or everything. */
const names = (description: string, item: Shape): Shape => {
  const shape = list(description, item, { type: 'set' }, valuesMax);
  return {
    ...shape,
    check: (value, path) => {
      const faults = shape.check(value, path);
      if (faults.length > 0 || !Array.isArray(value)) return faults;
      if (value.length === 0) return [required(path, 'name at least one, or remove the field')];
      return value.flatMap((entry: unknown, index) =>
        value.indexOf(entry) === index
          ? []
          : [{ reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(entry)}`, field: `${path}[${index}]` }],
      );
    },
  };
};

/** `residency`: where the data may be. */
export const residencyShape = fields(
  'The only clusters that may hold the data. Residency of a ClusterPlacementPolicy binds every PlacementPolicy that matches the same object too. Present replicas outside move.',
  {
    topologyKey: must(
      text('Label key of clusters, such as topology.kubernetes.io/region. A cluster without the label is outside.', qualifiedName),
    ),
    values: must(list('Values of the label that are inside.', text('A value.', labelValue), { type: 'set' }, valuesMax)),
  },
  notEmpty('value'),
);

const gpu = fields('What the GPUs of a node must be.', {
  products: names(
    'One of these products, exactly as the node label nvidia.com/gpu.product says.',
    text('A product, such as NVIDIA-H100-80GB-HBM3.', labelValue),
  ),
  memoryMiBMin: integer('At least so many MiB of memory in one GPU (node label nvidia.com/gpu.memory).', {
    min: 1,
    max: int32Max,
    mend: 'write MiB, such as 40960, or remove the field',
  }),
  sharing: names(
    'How the GPU may be shared; absent = in any way. exclusive: nvidia.com/gpu.replicas is 1 or absent.',
    word('A way of sharing.', gpuSharings),
  ),
});

/** `requires`: what cluster and nodes must have. */
export const requiresShape = fields(
  'What a cluster, and every node that counts, must have. A cluster that lacks something is refused under the name of the field.',
  {
    runtimeClass: text('RuntimeClass that the member must have; its overhead and node selector count.', dns1123Subdomain),
    networks: names(
      "NetworkAttachmentDefinitions that the member must have in the workload's namespace, all of them. A device that one stands for is asked for by every replica.",
      text('Name of a NetworkAttachmentDefinition.', dns1123Subdomain),
    ),
    features: names(
      'Node features, all on one node: the label feature.node.kubernetes.io/NAME is "true".',
      text('A feature, such as cpu-cpuid.AVX512F.', (name) => qualifiedName(`feature.node.kubernetes.io/${name}`)),
    ),
    gpu,
    numa: word('SingleNode: devices and exclusive cores of each replica come from one NUMA node.', ['SingleNode']),
  },
);

const termFields = {
  selector: must(labelSelectorShape('Labels of the other workloads, in the same namespace.')),
  topologyKey: must(text('Label key of clusters; clusters with the same value are one domain.', qualifiedName)),
};
const preference = must(integer('Weight of the preference, 1 to 100.', { min: 1, max: 100 }));

/** `workloadAffinity` or `workloadAntiAffinity`. */
export const workloadTermsShape = (description: string): Shape =>
  fields(
    description,
    {
      required: list('Terms that must hold for new replicas.', fields('Other workloads.', termFields), { type: 'atomic' }, termsMax),
      preferred: list(
        'Terms that raise the score.',
        fields('Other workloads.', { ...termFields, weight: preference }),
        { type: 'atomic' },
        termsMax,
      ),
    },
    (value, path) =>
      value.required === undefined && value.preferred === undefined
        ? [required(`${path}.required`, 'set `required`, `preferred` or both')]
        : [],
  );

/** `preferredClusters`. */
export const preferredClustersShape = list(
  'Clusters that are preferred within their tier, as long as they have room: the weights that match add up to the score, an untolerated PreferNoSchedule taint takes 100 from it.',
  fields('A preference.', {
    clusterSelector: must(labelSelectorShape('Clusters that are preferred.')),
    weight: preference,
  }),
  { type: 'atomic' },
  termsMax,
);

/** `rebalance`. */
export const rebalanceShape = fields('What the rebalancer may do with the replicas. Nothing else moves a replica that may stay.', {
  mode: word(
    'Auto: replicas return to earlier tiers and to cheaper or fitter clusters after a calm time. Off: nothing moves but by need.',
    ['Auto', 'Off'],
    { default: 'Auto' },
  ),
  calmSeconds: integer(
    'Room must have been there for so long before replicas move to it. It is looked at in rounds, 30 seconds apart: the time begins at the first round that sees the room, and they move at the first one after it is over.',
    { min: 0, max: int32Max },
    { default: 300 },
  ),
  maxMovesPercent: integer(
    'Percent of the replicas that may move in one round, rounded up.',
    { min: 1, max: 100, mend: 'write a percentage from 1 to 100; mode Off moves nothing' },
    { default: 10 },
  ),
});

/** Faults of terms against each other: a workload cannot be required with and apart from the same others. */
export const contradictions = (spec: Readonly<Record<string, unknown>>, path: string): Fault[] => {
  const terms = (field: string): readonly unknown[] => {
    const value = spec[field];
    return isBag(value) && Array.isArray(value.required) ? value.required : [];
  };
  const wanted = new Set(terms('workloadAffinity').map((term) => JSON.stringify(term)));
  return terms('workloadAntiAffinity').flatMap((term, index) =>
    wanted.has(JSON.stringify(term))
      ? [
          invalid(
            `${path}.workloadAntiAffinity.required[${index}]`,
            JSON.stringify(term),
            'is required by workloadAffinity too, so that no cluster can hold both; remove one of them',
          ),
        ]
      : [],
  );
};
