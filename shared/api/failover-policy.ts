/** @module FailoverPolicy: how deaths of clusters are found out, and how much automation may do about them. The one named `default` is in force. */
import type { Condition } from '../kube/condition.ts';
import { type Fault, invalid } from '../kube/names/index.ts';
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import type { MeshPolicy, ProfileName } from '../wire/mesh.ts';
import { conditionsShape } from './cluster-status.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf, storedVerbs } from './kind.ts';
import type { FailoverClass } from './policy.ts';
import { fields, integer, word } from './shape.ts';

/** `spec` of a FailoverPolicy; what is absent has its default. */
export type FailoverPolicySpec = {
  /** `Manual`: verdicts are given, a person acts. */
  readonly mode?: 'Automatic' | 'Manual';
  readonly detection?: {
    readonly profile?: ProfileName;
    /** Failure domains (provider and region) that the votes must come from. */
    readonly quorumDomains?: number;
    /** Who helps two clusters to a majority. */
    readonly witness?: 'Hub' | 'None';
  };
  readonly limits?: {
    readonly windowSeconds?: number;
    readonly clustersPercent?: number;
    readonly capacityPercent?: number;
    readonly minSurvivors?: number;
  };
  readonly failback?: { readonly holdDownSeconds?: number; readonly maxHoldDownSeconds?: number; readonly halfLifeSeconds?: number };
  readonly replicas?: {
    readonly class?: FailoverClass;
    /** From the verdict until replicas go elsewhere. */
    readonly afterSeconds?: number;
    /** A singleton's holder stops serving so long after its last confirmed renewal; another may take over later. */
    readonly fenceSeconds?: number;
    readonly takeoverSeconds?: number;
    /** How long what is no longer wanted in one cluster waits for its replacement in another to be ready. */
    readonly surplusSeconds?: number;
  };
};

/** `status` of a FailoverPolicy. */
export type FailoverPolicyStatus = {
  /** Number of the membership that was last given to the agents. */
  readonly membershipEpoch?: number;
  readonly members?: number;
  readonly conditions?: readonly Condition[];
};

/** A failover policy. */
export type FailoverPolicy = {
  readonly apiVersion: string;
  readonly kind: 'FailoverPolicy';
  readonly metadata: ObjectMeta;
  readonly spec: FailoverPolicySpec;
  readonly status?: FailoverPolicyStatus;
};

/** Name of the policy that detection goes by. */
export const defaultFailoverPolicy = 'default';

/** What holds where a policy says nothing. */
export const failoverDefaults = {
  mode: 'Automatic',
  detection: { profile: 'fast', quorumDomains: 2, witness: 'Hub' },
  limits: { windowSeconds: 600, clustersPercent: 40, capacityPercent: 50, minSurvivors: 1 },
  failback: { holdDownSeconds: 30, maxHoldDownSeconds: 600, halfLifeSeconds: 900 },
  replicas: { class: 'Stateless', afterSeconds: 5, fenceSeconds: 5, takeoverSeconds: 7, surplusSeconds: 600 },
} as const;

const dayLong = 86_400;
const seconds = (description: string, fallback: number, min = 0) => integer(description, { min, max: dayLong }, { default: fallback });
const percent = (description: string, fallback: number) => integer(description, { min: 1, max: 100 }, { default: fallback });

const notBelow = (path: string, field: string, value: unknown, min: number, than: string): Fault[] =>
  typeof value === 'number' && value < min ? [invalid(`${path}.${field}`, value, `must not be less than ${than} (${min})`)] : [];

const specShape = fields('How deaths of clusters are found out, and how much automation may do about them.', {
  mode: word('Automatic: traffic and replicas move by themselves. Manual: verdicts are given, a person acts.', ['Automatic', 'Manual'], {
    default: failoverDefaults.mode,
  }),
  detection: fields('How deaths are found out.', {
    profile: word('How long silence is borne: fast ≈ 1 s, balanced ≈ 5 s, safe ≈ 15 s until the verdict.', ['fast', 'balanced', 'safe'], {
      default: failoverDefaults.detection.profile,
    }),
    quorumDomains: integer(
      'Failure domains (provider and region of the clusters) that the votes of a verdict must come from.',
      { min: 1, max: 7 },
      { default: failoverDefaults.detection.quorumDomains },
    ),
    witness: word('Who helps two clusters to a majority; None: a person decides.', ['Hub', 'None'], {
      default: failoverDefaults.detection.witness,
    }),
  }),
  limits: fields('How much automation may remove; every voter keeps to it, with or without the hub.', {
    windowSeconds: seconds('The window in which removals are counted.', failoverDefaults.limits.windowSeconds, 10),
    clustersPercent: percent(
      'Share of the clusters that may be removed within the window, rounded down; one always.',
      failoverDefaults.limits.clustersPercent,
    ),
    capacityPercent: percent('Share of the capacity that may be removed within the window.', failoverDefaults.limits.capacityPercent),
    minSurvivors: integer('Clusters that stay whatever is voted.', { min: 1, max: 500 }, { default: failoverDefaults.limits.minSurvivors }),
  }),
  failback: fields(
    'When a cluster that is well again counts as back.',
    {
      holdDownSeconds: seconds(
        'How long a majority of the others must have seen it well after its first death; doubled with each further one. Time in which too few of them can tell does not count.',
        failoverDefaults.failback.holdDownSeconds,
        1,
      ),
      maxHoldDownSeconds: seconds('The longest hold-down.', failoverDefaults.failback.maxHoldDownSeconds, 1),
      halfLifeSeconds: seconds('Time in which half of the past is forgotten.', failoverDefaults.failback.halfLifeSeconds, 1),
    },
    ({ holdDownSeconds = failoverDefaults.failback.holdDownSeconds, maxHoldDownSeconds }, path) =>
      notBelow(path, 'maxHoldDownSeconds', maxHoldDownSeconds, Number(holdDownSeconds), 'holdDownSeconds'),
  ),
  replicas: fields(
    'What becomes of the replicas of a dead cluster.',
    {
      class: word(
        'Stateless: two that serve at once do no harm. Singleton: the old one stops before a new one may begin.',
        ['Stateless', 'Singleton'],
        {
          default: failoverDefaults.replicas.class,
        },
      ),
      afterSeconds: seconds('From the verdict until replicas are placed elsewhere.', failoverDefaults.replicas.afterSeconds),
      fenceSeconds: seconds(
        'A singleton stops serving so long after its lease was last confirmed.',
        failoverDefaults.replicas.fenceSeconds,
        1,
      ),
      takeoverSeconds: seconds('Another may take over so long after that.', failoverDefaults.replicas.takeoverSeconds, 2),
      surplusSeconds: seconds(
        'How long what is no longer wanted in one cluster waits for its replacement in another to be ready.',
        failoverDefaults.replicas.surplusSeconds,
      ),
    },
    ({ fenceSeconds = failoverDefaults.replicas.fenceSeconds, takeoverSeconds }, path) =>
      notBelow(
        path,
        'takeoverSeconds',
        takeoverSeconds ?? failoverDefaults.replicas.takeoverSeconds,
        Number(fenceSeconds) + 1,
        'fenceSeconds and a second for drift',
      ),
  ),
});

/** Every field of a policy with its value, given or default. */
export const effectiveFailover = (spec: FailoverPolicySpec = {}) => ({
  mode: spec.mode ?? failoverDefaults.mode,
  detection: { ...failoverDefaults.detection, ...spec.detection },
  limits: { ...failoverDefaults.limits, ...spec.limits },
  failback: { ...failoverDefaults.failback, ...spec.failback },
  replicas: { ...failoverDefaults.replicas, ...spec.replicas },
});

/** The rules that voters keep to, from a policy. */
export const meshPolicyOf = (spec: FailoverPolicySpec = {}): MeshPolicy => {
  const { mode, detection, limits, failback, replicas } = effectiveFailover(spec);
  return {
    profile: detection.profile,
    automatic: mode === 'Automatic',
    domainsMin: detection.quorumDomains,
    clustersPercentMax: limits.clustersPercent,
    capacityPercentMax: limits.capacityPercent,
    windowMs: limits.windowSeconds * 1_000,
    survivorsMin: limits.minSurvivors,
    holdDownMs: failback.holdDownSeconds * 1_000,
    holdDownMsMax: failback.maxHoldDownSeconds * 1_000,
    halfLifeMs: failback.halfLifeSeconds * 1_000,
    fenceMs: replicas.fenceSeconds * 1_000,
    takeoverMs: replicas.takeoverSeconds * 1_000,
  };
};

const statusShape = fields('What became of the policy.', {
  membershipEpoch: integer(
    'Number of the membership that was last given to the agents.',
    { min: 0, max: Number.MAX_SAFE_INTEGER },
    { format: 'int64' },
  ),
  members: integer('Who takes part: clusters, and the hub as a witness.', { min: 0, max: 1_000 }),
  conditions: conditionsShape,
});

/** The schema of FailoverPolicy. */
export const failoverPolicySchema = objectSchema(
  'FailoverPolicy',
  'FailoverPolicy says how deaths of clusters are found out, and how much automation may do about them. The policy named default is in force for detection; the hub makes it when it is missing.',
  { spec: { ...specShape.schema, default: {} }, status: statusShape.schema },
  [],
);

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const { spec, status } = object as unknown as FailoverPolicy;
  const { mode, detection, limits } = effectiveFailover(spec);
  return [
    object.metadata.name,
    mode,
    detection.profile,
    detection.quorumDomains,
    `${limits.clustersPercent}%/${limits.windowSeconds}s`,
    status?.members ?? 0,
    ageText(object.metadata.creationTimestamp, nowMs),
  ];
};

/** How the API server serves FailoverPolicy. */
export const failoverPolicyType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'FailoverPolicy',
  listKind: 'FailoverPolicyList',
  resource: 'failoverpolicies',
  singular: 'failoverpolicy',
  shortNames: ['fop'],
  categories: ['hanse'],
  namespaced: false,
  verbs: storedVerbs,
  schemaName: schemaNameOf('FailoverPolicy'),
  hasStatus: true,
  strategicMerge: false,
  strategy: {
    validate: (object) => specShape.check(object.spec ?? {}, 'spec'),
    warnings: ({ metadata: { name } }) =>
      name === defaultFailoverPolicy
        ? []
        : [`only the FailoverPolicy named ${defaultFailoverPolicy} is in force: this one changes nothing`],
  },
  columns: [
    nameColumn,
    column('Mode', 'string', 'Whether anything moves by itself.'),
    column('Profile', 'string', 'How long silence is borne.'),
    column('Domains', 'integer', 'Failure domains that the votes must come from.'),
    column('Limit', 'string', 'Share of the clusters that may be removed in a window.'),
    column('Members', 'integer', 'Who takes part.'),
    ageColumn,
  ],
  cells,
};
