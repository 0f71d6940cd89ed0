/** @module JoinToken: lets agents ask to join, for a while and a number of times. */
import type { Condition } from '../kube/condition.ts';
import { type Fault, forbidden, invalid, labelName, labelValue, qualifiedName } from '../kube/names/index.ts';
import type { GroupVersionResource, KubeObject, ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { timeText } from '../lib/time-text.ts';
import { conditionsShape } from './cluster-status.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf, storedVerbs } from './kind.ts';
import { fields, instant, integer, list, must, text, textMap } from './shape.ts';

/** `spec` of a JoinToken. */
export type JoinTokenSpec = {
  /** Agents that may join with it; 1 when absent. */
  readonly maxUses?: number;
  /** Seconds that it lives; 3600 when absent. */
  readonly ttlSeconds?: number;
  /** When it ends, RFC 3339; reckoned from `ttlSeconds` when absent. */
  readonly expiresAt?: string;
  /** Clusters that are admitted without an operator; absent = none, `{}` = all. */
  readonly autoApprove?: { readonly namePatterns?: readonly string[] };
  /** Labels put on the Cluster; they win over what the agent says. */
  readonly clusterLabels?: { readonly [key: string]: string };
  /** SHA-256 of the secret, hex, when the creator made the secret; absent = the hub makes one and puts it into a Secret. */
  readonly secretHash?: string;
};

/** An agent that joined with the token. */
export type TokenUse = { readonly cluster: string; readonly publicKey: string; readonly at: string };

/** `status` of a JoinToken. */
export type JoinTokenStatus = {
  /** SHA-256 of the secret, hex. */
  readonly secretHash?: string;
  /** The Secret whose key `token` holds the token, and `command` the command that joins with it; absent when the creator made the secret. */
  readonly secretRef?: { readonly namespace: string; readonly name: string };
  /** `--hub` and `--ca-hash` of the command that joins with the token. */
  readonly hub?: string;
  readonly caHash?: string;
  readonly uses?: number;
  readonly usedBy?: readonly TokenUse[];
  readonly conditions?: readonly Condition[];
};

/** A token to join with. */
export type JoinToken = {
  readonly apiVersion: string;
  readonly kind: 'JoinToken';
  readonly metadata: ObjectMeta;
  readonly spec: JoinTokenSpec;
  readonly status?: JoinTokenStatus;
};

/** Uses and lifetimes that a token may have. */
export const joinTokenLimits = { maxUses: 1_000, ttlSecondsMin: 60, ttlSecondsMax: 30 * 24 * 3_600, namePatterns: 64 } as const;
const ttlSecondsDefault = 3_600;
const int32Max = 2_147_483_647;

const hash = (value: string): string[] => (/^[0-9a-f]{64}$/.test(value) ? [] : ['must be a SHA-256 in 64 lower-case hex digits']);
const pattern = (value: string): string[] =>
  /^[-a-z0-9*]{1,63}$/.test(value) ? [] : ['must be a cluster name in which * stands for any text, such as eu-*'];

const specShape = fields('Who may join with the token, until when and how often.', {
  maxUses: integer('Agents that may join with the token.', { min: 1, max: joinTokenLimits.maxUses }, { default: 1 }),
  ttlSeconds: integer('Seconds that the token lives.', {
    min: joinTokenLimits.ttlSecondsMin,
    max: joinTokenLimits.ttlSecondsMax,
    mend: 'set expiresAt for another time',
  }),
  expiresAt: text('When the token ends, RFC 3339; reckoned from ttlSeconds when absent.', instant),
  autoApprove: fields('Clusters that are admitted without an operator; absent = none, {} = all.', {
    namePatterns: list(
      'Names that are admitted; * stands for any text. Absent = every name.',
      text('A pattern.', pattern),
      { type: 'set' },
      joinTokenLimits.namePatterns,
    ),
  }),
  clusterLabels: textMap('Labels put on the Cluster; they win over what the agent says.', { key: qualifiedName, value: labelValue }),
  secretHash: text(
    'SHA-256 of the secret in hex, when whoever creates the token made the secret: 20 to 256 letters, digits, - and _ (openssl rand -hex 32). Agents join with NAME.SECRET. Absent: the hub makes one and puts the token into the Secret that status.secretRef names.',
    hash,
  ),
});

const statusShape = fields('What became of the token.', {
  secretHash: text('SHA-256 of the secret, hex.'),
  secretRef: fields('The Secret whose key `token` holds the token, and `command` the command that joins a cluster with it.', {
    namespace: must(text('Its namespace.')),
    name: must(text('Its name.')),
  }),
  hub: text('Where agents ask to join: --hub of `hanse join`.'),
  caHash: text("The hash of the hub's CA, by which they know it: --ca-hash of `hanse join`."),
  uses: integer('Agents that joined with it.', { min: 0, max: int32Max }),
  usedBy: list(
    'Agents that joined with it.',
    fields('One use.', {
      cluster: must(text('The cluster.')),
      publicKey: must(text("The agent's public key.")),
      at: must(text('When, RFC 3339.')),
    }),
    { type: 'map', keys: ['publicKey', 'cluster'] },
    joinTokenLimits.maxUses,
  ),
  conditions: conditionsShape,
});

/** The schema of JoinToken. */
export const joinTokenSchema = objectSchema(
  'JoinToken',
  'JoinToken lets agents ask to join. The token itself is NAME.SECRET; only a hash of the secret is kept here.',
  { spec: { ...specShape.schema, default: {} }, status: statusShape.schema },
  [],
);

const specOf = (object: KubeObject): JoinTokenSpec => (object.spec ?? {}) as JoinTokenSpec;
const statusOf = (object: KubeObject): JoinTokenStatus => (object.status ?? {}) as JoinTokenStatus;

const withExpiry = (object: KubeObject, nowMs: number): KubeObject => {
  const spec = specOf(object);
  const { ttlSeconds } = spec;
  // What is refused for its ttlSeconds is not refused once more for what would be reckoned from it.
  const isSound = Number.isSafeInteger(ttlSeconds) && Number(ttlSeconds) >= joinTokenLimits.ttlSecondsMin;
  if (spec.expiresAt !== undefined || ttlSeconds === undefined || !isSound) return object;
  const untilMs = nowMs + Math.min(ttlSeconds, joinTokenLimits.ttlSecondsMax) * 1_000;
  return { ...object, spec: { ...spec, expiresAt: timeText(untilMs) } };
};

const defaults = (object: KubeObject): KubeObject => {
  const spec = specOf(object);
  const ttl = spec.ttlSeconds === undefined && spec.expiresAt === undefined ? { ttlSeconds: ttlSecondsDefault } : {};
  return { ...object, spec: { ...spec, maxUses: spec.maxUses ?? 1, ...ttl } };
};

const validateName = (name: string, prefix: boolean): string[] =>
  labelName(name, prefix).map((message) => `${message}; the name is the first part of the token NAME.SECRET`);

const validate = (object: KubeObject): Fault[] => specShape.check(object.spec, 'spec');

/** A new token that nobody could join with. Later a time that is over ends the token: that is no fault. */
const expiryFaults = (object: KubeObject): Fault[] => {
  const { expiresAt } = specOf(object);
  const { creationTimestamp } = object.metadata;
  if (typeof expiresAt !== 'string' || creationTimestamp === undefined || !(Date.parse(expiresAt) <= Date.parse(creationTimestamp)))
    return [];
  const mend = 'set a later time, or ttlSeconds instead: it is reckoned from now';
  return [invalid('spec.expiresAt', expiresAt, `is over already, it is ${creationTimestamp} at the hub; ${mend}`)];
};

const unchangedFaults = (object: KubeObject, old: KubeObject): Fault[] =>
  specOf(object).secretHash === specOf(old).secretHash ? [] : [forbidden('spec.secretHash', 'cannot be changed: create another JoinToken')];

const expiryText = (expiresAt: string | undefined, nowMs: number): string => {
  const at = expiresAt === undefined ? Number.NaN : Date.parse(expiresAt);
  if (Number.isNaN(at)) return '<unknown>';
  return at <= nowMs ? 'expired' : ageText(timeText(nowMs), at);
};

/** Names that a token admits without an operator, as tables show them. */
export const approvedNames = ({ autoApprove }: JoinTokenSpec): string =>
  autoApprove === undefined ? 'no' : (autoApprove.namePatterns?.join(',') ?? '*');

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const [spec, status] = [specOf(object), statusOf(object)];
  return [
    object.metadata.name,
    `${status.uses ?? 0}/${spec.maxUses ?? 1}`,
    expiryText(spec.expiresAt, nowMs),
    approvedNames(spec),
    status.secretRef === undefined ? '<none>' : `${status.secretRef.namespace}/${status.secretRef.name}`,
    ageText(object.metadata.creationTimestamp, nowMs),
  ];
};

/** Where JoinTokens are. */
export const joinTokens: GroupVersionResource = { group: hanseGroup, version: hanseVersion, resource: 'jointokens' };

/** How the API server serves JoinToken. */
export const joinTokenType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'JoinToken',
  listKind: 'JoinTokenList',
  resource: 'jointokens',
  singular: 'jointoken',
  shortNames: ['jt'],
  categories: ['hanse'],
  namespaced: false,
  verbs: storedVerbs,
  schemaName: schemaNameOf('JoinToken'),
  validateName,
  hasStatus: true,
  strategicMerge: false,
  strategy: {
    defaults,
    prepareForCreate: (object, context) => withExpiry(object, context.nowMs),
    validate: (object) => [...validate(object), ...expiryFaults(object)],
    validateUpdate: (object, old) => [...validate(object), ...unchangedFaults(object, old)],
  },
  columns: [
    nameColumn,
    column('Uses', 'string', 'Agents that joined of those that may.'),
    column('Expires', 'string', 'Time until it ends.'),
    column('Approves', 'string', 'Names that are admitted without an operator.'),
    column('Secret', 'string', 'The Secret that holds the token.'),
    ageColumn,
  ],
  cells,
};
