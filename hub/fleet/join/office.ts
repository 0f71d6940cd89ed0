/** @module The join office: carries out what was decided about a join request, on Clusters and JoinTokens. */
import type { Cluster, ClusterAgent } from '../../../shared/api/cluster.ts';
import { clusterLabels, clusters, revokeFinalizer } from '../../../shared/api/cluster.ts';
import type { JoinToken } from '../../../shared/api/join-token.ts';
import { joinTokens } from '../../../shared/api/join-token.ts';
import { hanseApiVersion } from '../../../shared/api/kind.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { withCondition } from '../../../shared/kube/condition.ts';
import { labelValue, qualifiedName } from '../../../shared/kube/names/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { clusterNameFault } from '../../../shared/wire/cluster-name.ts';
import { type JoinAnswer, type JoinRequest, joinProofText } from '../../../shared/wire/messages.ts';
import { isSealingKey } from '../bus/seal.ts';
import { verifyUserSignature } from '../identity/keys.ts';
import type { TellEvent } from '../port.ts';
import { approvedCondition, approveHint } from './approval.ts';
import type { Credentials } from './credentials.ts';
import { decideJoin, isUseOf, type JoinDecision } from './decide.ts';
import type { MemberHolders } from './member-holders.ts';
import { change, createOnce, getCluster, getJoinToken } from './objects.ts';
import { parseToken, secretMatches } from './token.ts';

export type JoinOfficeOptions = {
  readonly env: RuntimeEnv;
  readonly client: KubeClient;
  readonly credentials: Credentials;
  readonly holders: Pick<MemberHolders, 'holder' | 'refusedUID'>;
  readonly tell: TellEvent;
  /** Where admitted agents connect, and what they trust there. */
  readonly broker: () => { readonly natsUrls: readonly string[]; readonly natsCa: string };
  /** Raw Ed25519 public key that signs work. */
  readonly rawHubKey: Uint8Array;
  readonly beatIntervalMs: number;
};

/** Answers join requests; `address` is where they come from. */
export type JoinOffice = (request: JoinRequest, address: string) => Promise<JoinAnswer>;

const pollAgainMs = 2_000;
/** Two requests for one name may race; who loses decides again on what the winner left. */
const roundsMax = 5;

/** A new office. */
export const makeJoinOffice = (options: JoinOfficeOptions): JoinOffice => {
  const { env, client } = options;
  return async (request, address) => {
    const isNameValid = clusterNameFault(request.name) === undefined;
    const isProofValid = verifyUserSignature(request.publicKey, Buffer.from(joinProofText(request)), Buffer.from(request.proof, 'base64'));
    const isSealingKeyValid = isSealingKey(request.sealingKey);
    for (let round = 1; round <= roundsMax; round++) {
      const cluster = isNameValid ? await getCluster(client, request.name) : undefined;
      const token = await provenToken(client, request.token);
      const isRevoked = options.credentials.isRevoked(request.publicKey);
      // Only a new name needs to know who else holds the key, and nobody makes the hub look through all Clusters without proof.
      const isNewName = cluster?.status?.agent?.publicKey !== request.publicKey;
      const keyHolder = isProofValid && token !== undefined && isNewName ? await otherHolder(client, request) : undefined;
      const { name, clusterUID = options.holders.refusedUID(request.name) } = request;
      const memberHolder = clusterUID === undefined ? undefined : options.holders.holder(clusterUID, name);
      const known = { isProofValid, isSealingKeyValid, token, cluster, isRevoked, keyHolder, memberHolder };
      const decision = decideJoin({ request, nowMs: env.nowMs(), ...known });
      const answer = await carryOut(options, request, address, decision);
      if (answer !== 'again') return answer;
    }
    return { v: 1, state: 'Pending', message: 'the hub is busy with other requests for this name', retryAfterMs: pollAgainMs };
  };
};

/** Another Cluster that holds the key of this request. */
const otherHolder = async (client: KubeClient, { name, publicKey }: JoinRequest): Promise<string | undefined> => {
  const { items } = await client.list(clusters);
  return (items as unknown as readonly Cluster[]).find(
    ({ metadata, status }) => metadata.name !== name && status?.agent?.publicKey === publicKey,
  )?.metadata.name;
};

const provenToken = async (client: KubeClient, text: string): Promise<JoinToken | undefined> => {
  const parsed = parseToken(text);
  const token = parsed === undefined ? undefined : await getJoinToken(client, parsed.name);
  return secretMatches(parsed?.secret ?? '', token?.status?.secretHash ?? token?.spec.secretHash) ? token : undefined;
};

const carryOut = async (
  options: JoinOfficeOptions,
  request: JoinRequest,
  address: string,
  decision: JoinDecision,
): Promise<JoinAnswer | 'again'> => {
  if (decision.do === 'wait') {
    await noteMemberApi(options, request.name, request.memberAPI);
    return {
      v: 1,
      state: 'Pending',
      message: `cluster ${request.name} waits for approval; ${approveHint(request.name)}`,
      retryAfterMs: pollAgainMs,
    };
  }
  if (decision.do === 'admit') return admit(options, request);
  if (decision.do === 'refuse') {
    if (decision.isTrusted) await noteRefusal(options, request, address, decision);
    return { v: 1, state: 'Refused', reason: decision.reason, message: decision.message };
  }
  // The use is counted first: a crash in between costs a use at most, and the same key is not counted twice for one name.
  const counted = await countUse(options, request, decision.token.metadata.name);
  return counted ? bind(options, request, decision.token, decision.autoApprove) : 'again';
};

const admit = async (options: JoinOfficeOptions, request: JoinRequest): Promise<JoinAnswer> => {
  // At each admission, not only the first: an agent that asks again may do so because the broker has lost its account.
  await options.credentials.open(request.name);
  const credential = options.credentials.mint(request.publicKey, request.name);
  await noteCredential(options, request.name, request.publicKey, credential.expiresAtMs);
  // From here on its beats say it.
  await noteMemberApi(options, request.name, undefined);
  return {
    v: 1,
    state: 'Admitted',
    ...credential,
    ...options.broker(),
    hubKey: Buffer.from(options.rawHubKey).toString('base64'),
    beatIntervalMs: options.beatIntervalMs,
  };
};

/** Whoever is to approve a Cluster sees before that its agent cannot use the member. */
const noteMemberApi = async ({ env, client }: JoinOfficeOptions, name: string, trouble: JoinRequest['memberAPI']): Promise<void> => {
  const type = 'MemberAPIReachable';
  const edit = (cluster: Cluster): Cluster | undefined => {
    const conditions = cluster.status?.conditions ?? [];
    const old = conditions.find((condition) => condition.type === type);
    const reason = /^[A-Za-z]+$/.test(trouble?.reason ?? '') ? (trouble?.reason ?? '') : 'Unreachable';
    if (trouble === undefined ? old === undefined : old?.reason === reason) return undefined;
    const message = `the agent cannot use its cluster: ${trouble?.message}`;
    const others = conditions.filter((condition) => condition.type !== type);
    const next = trouble === undefined ? others : withCondition(others, { type, status: 'False', reason, message }, env.nowMs());
    return { ...cluster, status: { ...cluster.status, conditions: next } };
  };
  await change<Cluster>(client, clusters, name, edit, 'status');
};

/** Records until when the agent holds a credential. */
export const noteCredential = async (
  { client }: Pick<JoinOfficeOptions, 'client'>,
  name: string,
  publicKey: string,
  expiresAtMs: number,
): Promise<void> => {
  const edit = (cluster: Cluster): Cluster | undefined => {
    const agent = cluster.status?.agent;
    if (agent?.publicKey !== publicKey) return undefined;
    return { ...cluster, status: { ...cluster.status, agent: { ...agent, credentialExpiresAt: timeText(expiresAtMs) } } };
  };
  await change<Cluster>(client, clusters, name, edit, 'status');
};

/** Counts one use, once a key and name; false when the token has changed under us and no longer allows it. */
const countUse = async ({ env, client }: JoinOfficeOptions, request: JoinRequest, name: string): Promise<boolean> => {
  let isCounted = false;
  const edit = (token: JoinToken): JoinToken | undefined => {
    const usedBy = token.status?.usedBy ?? [];
    isCounted = usedBy.some(isUseOf(request));
    if (isCounted || usedBy.length >= (token.spec.maxUses ?? 1)) return undefined;
    isCounted = true;
    const use = { cluster: request.name, publicKey: request.publicKey, at: timeText(env.nowMs()) };
    return { ...token, status: { ...token.status, uses: usedBy.length + 1, usedBy: [...usedBy, use] } };
  };
  const token = await change<JoinToken>(client, joinTokens, name, edit, 'status');
  return token !== undefined && isCounted;
};

/** Gives the name to the key: the Cluster is made or completed, then the key is written where only one can be. */
const bind = async (
  options: JoinOfficeOptions,
  request: JoinRequest,
  token: JoinToken,
  autoApprove: boolean,
): Promise<JoinAnswer | 'again'> => {
  const { env, client } = options;
  const labels = { ...validLabels(request.labels), ...token.spec.clusterLabels };
  const admission = autoApprove ? 'Approved' : 'Pending';
  const isNew = await createOnce(client, clusters, {
    apiVersion: hanseApiVersion,
    kind: 'Cluster',
    metadata: { name: request.name, labels, finalizers: [revokeFinalizer] },
    spec: { admission },
  });
  if (!isNew) await change<Cluster>(client, clusters, request.name, (cluster) => completed(cluster, labels, autoApprove));
  const agent: ClusterAgent = {
    publicKey: request.publicKey,
    sealingKey: request.sealingKey,
    joinedAt: timeText(env.nowMs()),
    token: token.metadata.name,
  };
  const bound = await change<Cluster>(
    client,
    clusters,
    request.name,
    (cluster) => withAgent(cluster, agent, request, env.nowMs()),
    'status',
  );
  if (bound?.status?.agent?.publicKey === request.publicKey)
    env.log.info('an agent asks to join', { cluster: request.name, token: token.metadata.name, admission: bound.spec.admission });
  return 'again';
};

/** What the operator has written on a Cluster made beforehand wins over what token and agent say. */
const completed = (cluster: Cluster, labels: Readonly<Record<string, string>>, autoApprove: boolean): Cluster | undefined => {
  if (cluster.status?.agent !== undefined || cluster.metadata.deletionTimestamp !== undefined) return undefined;
  const { metadata, spec } = cluster;
  return {
    ...cluster,
    metadata: {
      ...metadata,
      labels: { ...labels, ...metadata.labels },
      finalizers: [...new Set([...(metadata.finalizers ?? []), revokeFinalizer])],
    },
    spec: autoApprove && spec.admission !== 'Denied' ? { ...spec, admission: 'Approved' } : spec,
  };
};

const withAgent = (
  cluster: Cluster,
  agent: ClusterAgent,
  { kubernetesVersion, clusterUID }: JoinRequest,
  nowMs: number,
): Cluster | undefined => {
  if (cluster.status?.agent !== undefined || cluster.metadata.deletionTimestamp !== undefined) return undefined;
  const conditions = withCondition(
    cluster.status?.conditions,
    approvedCondition(cluster.metadata.name, cluster.spec.admission ?? 'Pending'),
    nowMs,
  );
  return {
    ...cluster,
    status: {
      ...cluster.status,
      agent,
      kubernetesVersion,
      ...(clusterUID === undefined ? {} : { clusterUID }),
      conditions: conditions.filter(({ type }) => type !== 'JoinRefused'),
    },
  };
};

/** Whichever of the two is not what it says it is, the operator can tell: the hub cannot. */
const alsoClaimedText = ({ metadata }: Cluster, name: string, address: string): string =>
  `from ${address}: an agent that would be ${name} says that it answers for this cluster too, and was refused; if that agent is the right one, delete Cluster ${metadata.name} and start it again`;

/**
 * A refused join shows on the Cluster it was about. Where an approved agent is at work, a stranger's attempt is no trouble of the Cluster: an
 * Event tells of it, and from where it came. A Cluster that still waits, and one whose own agent is refused, have a condition.
 */
const noteRefusal = async (
  { env, client, tell }: JoinOfficeOptions,
  { name, publicKey }: JoinRequest,
  address: string,
  { reason, message, holder }: Extract<JoinDecision, { do: 'refuse' }>,
): Promise<void> => {
  const held = holder === undefined ? undefined : await getCluster(client, holder);
  if (held !== undefined) tell(held as unknown as KubeObject, { type: 'Warning', reason, message: alsoClaimedText(held, name, address) });
  const cluster = await getCluster(client, name);
  if (cluster === undefined) return;
  const isStranger = cluster.status?.agent !== undefined && cluster.status.agent.publicKey !== publicKey;
  if (isStranger)
    tell(cluster as unknown as KubeObject, { type: 'Warning', reason: 'JoinRefused', message: `from ${address}: ${reason}: ${message}` });
  if (isStranger && cluster.spec.admission === 'Approved') return;
  const edit = (current: Cluster): Cluster | undefined => {
    const old = current.status?.conditions?.find(({ type }) => type === 'JoinRefused');
    if (old?.reason === reason) return undefined;
    const conditions = withCondition(current.status?.conditions, { type: 'JoinRefused', status: 'True', reason, message }, env.nowMs());
    return { ...current, status: { ...current.status, conditions } };
  };
  await change<Cluster>(client, clusters, name, edit, 'status');
};

/** Labels an agent may propose: well-formed, and not the cluster's own name. */
const validLabels = (labels: JoinRequest['labels']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).filter(
      ([key, value]) => key !== clusterLabels.cluster && qualifiedName(key).length === 0 && labelValue(value).length === 0,
    ),
  );
