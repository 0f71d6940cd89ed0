/** @module What goes into a Cluster's status: conditions, sums of capacity, features. Pure. */
import {
  type Cluster,
  type ClusterStatus,
  type ClusterVerdict,
  type DetectorSummary,
  isMember,
  type PastOutage,
} from '../../../shared/api/index.ts';
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import { heldVerdictText, type Obstacle, obstacleText } from '../../../shared/health/index.ts';
import { type Condition, withCondition } from '../../../shared/kube/condition.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { Hello } from '../../../shared/wire/index.ts';
import { type HeldDeath, isSeenRunning, type Observed, underVerdict } from '../verdict/relation.ts';
import { failoverCondition, type Watched } from '../verdict/watched.ts';
import type { DrainCount } from '../work/drain.ts';
import { capacityOf, withoutCapacity } from './capacity-summary.ts';
import { type Health, type HealthOptions, healthDefaults, heldDownUntil, notHeardText, readyCondition, taintsOf } from './health.ts';
import { historyOf } from './history.ts';
import { livenessOf } from './liveness.ts';
import { statusApis } from './served-apis.ts';
import type { AgentTrouble } from './twins.ts';

/** Facts that a status is made of. */
export type ClusterFacts = {
  readonly health: Health;
  /** Times by which it was judged; the usual ones when absent. */
  readonly options?: HealthOptions;
  readonly report: CapacityReport | undefined;
  readonly hello: Hello | undefined;
  /** Load balancers of exported services; absent = nothing is known of them. */
  readonly services?: readonly string[] | undefined;
  /** What the member forbids its agent, such as `list nodes`. */
  readonly forbidden?: readonly string[];
  /** What is wrong with how its agent is started; absent = nothing. */
  readonly agentTrouble?: AgentTrouble | undefined;
  /** What the observers agreed on. */
  readonly observed?: Observed | undefined;
  /** What they agree on while something keeps it from coming into force. */
  readonly heldDeath?: HeldDeath | undefined;
  /** What that is, until when, and what a person can do. */
  readonly heldDeathWhy?: string | undefined;
  /** Why it does not count as lost though it is silent. */
  readonly held?: Obstacle | undefined;
  /** Silent for as long as a loss takes without being lost. */
  readonly isDoubted?: boolean;
  /** The same in words. */
  readonly heldWhy?: string | undefined;
  /** When its agent and the others missed broker and hub. */
  readonly outages?: readonly PastOutage[];
  readonly detectors?: readonly DetectorSummary[] | undefined;
  /** What the hub does not take of the kinds that the member serves. */
  readonly kindTroubles?: readonly string[];
  /** How the others watch it; absent = nothing is known of that now. */
  readonly watched?: Watched | undefined;
  /** The hub has just started: of what the others agree on it may not have heard yet. */
  readonly isYoung?: boolean;
  /** What is still in a cluster that is emptied. */
  readonly drain?: DrainCount | undefined;
};

type Finding = Omit<Condition, 'lastTransitionTime'>;

/** Whether capacity is known in full; what the agent may not read is named. */
const capacityCondition = ({ report, forbidden = [] }: Pick<ClusterFacts, 'report' | 'forbidden'>): Finding => {
  if (report === undefined)
    return { type: 'CapacityKnown', status: 'Unknown', reason: 'NoReport', message: 'the agent has not reported its capacity' };
  if (!report.complete && forbidden.length > 0)
    return {
      type: 'CapacityKnown',
      status: 'False',
      reason: 'Forbidden',
      message: `the agent may not read what it counts: ${forbidden.join(', ')}`,
    };
  if (!report.complete) return { type: 'CapacityKnown', status: 'False', reason: 'Counting', message: 'the agent is still counting' };
  if (report.unsupported.length === 0)
    return { type: 'CapacityKnown', status: 'True', reason: 'Reported', message: 'the agent reports all capacity' };
  return { type: 'CapacityKnown', status: 'True', reason: 'PartlyReported', message: `not readable: ${report.unsupported.join('; ')}` };
};

/** False while its agent does not beat, as before a hub that has just started hears it: what was said of the agent stays. */
const isHeard = ({ phase }: Health): boolean => phase !== 'Unseen' && phase !== 'Lost';

/** What the member forbids its agent. Said once there is something to say, and then that it was mended. */
const withAccess = (conditions: readonly Condition[], { forbidden = [], health }: ClusterFacts, nowMs: number): readonly Condition[] => {
  const type = 'AccessGranted';
  if (forbidden.length > 0) {
    const message = `the cluster forbids its agent: ${forbidden.join(', ')}; grant it to the agent's identity (hanse join --manifest shows all that it needs)`;
    return withCondition(conditions, { type, status: 'False', reason: 'Forbidden', message }, nowMs);
  }
  if (!isHeard(health) || !conditions.some((condition) => condition.type === type)) return conditions;
  return withCondition(conditions, { type, status: 'True', reason: 'Granted', message: 'the agent may do all that it tried' }, nowMs);
};

const agentTroubles: Readonly<Record<AgentTrouble, string>> = {
  StartedTwice:
    'two agents of this cluster run, with the same keys: others go by the one that was started last, and the other one ends; see to it that nothing starts it again',
  StartedOften:
    'the agent is started again and again: it ends each time, or two with the same keys take turns, as one ends when the other is started; its log says which',
};

/** Whether one agent runs for the cluster. Said once there is something to say, and then that it is over. */
const withOneAgent = (
  conditions: readonly Condition[],
  { agentTrouble: trouble, health }: ClusterFacts,
  nowMs: number,
): readonly Condition[] => {
  const type = 'OneAgent';
  if (trouble !== undefined)
    return withCondition(conditions, { type, status: 'False', reason: trouble, message: agentTroubles[trouble] }, nowMs);
  if (!isHeard(health) || !conditions.some((condition) => condition.type === type)) return conditions;
  return withCondition(conditions, { type, status: 'True', reason: 'OneRuns', message: 'one agent of this cluster runs' }, nowMs);
};

/** Whether the hub serves the kinds that the member adds. Said once there is something to say, and then that it was mended. */
const withKinds = (conditions: readonly Condition[], troubles: readonly string[], nowMs: number): readonly Condition[] => {
  const type = 'KindsServed';
  if (troubles.length > 0) {
    const more = troubles.length > troublesShown ? ` (and ${troubles.length - troublesShown} more)` : '';
    const message = `${troubles.slice(0, troublesShown).join('; ')}${more}`;
    return withCondition(conditions, { type, status: 'False', reason: 'KindsDiffer', message }, nowMs);
  }
  if (!conditions.some((condition) => condition.type === type)) return conditions;
  const message = 'the hub serves the kinds that the cluster adds as the cluster defines them';
  return withCondition(conditions, { type, status: 'True', reason: 'Served', message }, nowMs);
};

const troublesShown = 8;

const featuresOf = (report: CapacityReport | undefined, hello: Hello | undefined): NonNullable<ClusterStatus['features']> => ({
  runtimeClasses: [...new Set([...(hello?.runtimeClasses ?? []), ...(report?.runtimeClasses ?? []).map(({ name }) => name)])].sort(),
  networks: (report?.networks ?? []).map(({ namespace, name }) => `${namespace}/${name}`).sort(),
});

/** Where others may look at it, by what its agent tells; what it has not told this hub yet stays as it was told before. */
const addressesOf = (old: ClusterStatus['addresses'], { hello, services }: ClusterFacts): Pick<ClusterStatus, 'addresses'> => {
  const apiServer = hello === undefined ? old?.apiServer : hello.apiAddress;
  const known = services ?? old?.services ?? [];
  if (apiServer === undefined && known.length === 0) return {};
  return { addresses: { ...(apiServer === undefined ? {} : { apiServer }), ...(known.length === 0 ? {} : { services: known }) } };
};

/** From when its replicas are placed elsewhere until it is heard again. A hub that has just started has heard nobody: what was so stays. */
const givenUpOf = (before: string | undefined, facts: ClusterFacts, nowMs: number): Pick<ClusterStatus, 'givenUpSince'> => {
  const state = livenessOf(facts);
  const isLost = state.is === 'Dead' && state.replicas === 'GivenUp';
  if (!isLost && (underVerdict(facts.health, facts).phase !== 'Unseen' || before === undefined)) return {};
  return { givenUpSince: before ?? timeText(nowMs) };
};

const causes: Readonly<Record<string, ClusterVerdict['cause']>> = {
  AgentStatusUnknown: 'Cluster',
  // Nobody has agreed that it is dead, and nothing is done as if it were.
  RemovalHeld: 'Silent',
  MemberAPIUnreachable: 'APIServer',
  MemberAPIUnauthorized: 'APIServer',
  AgentNotSeen: 'Agent',
};

/**
 * A death that is held is told before all that moves nothing, as the gray link that it began with, and not once the hub has given the cluster up by
 * its own hearing.
 */
const withHeldDeath = (facts: ClusterFacts, { givenUpSince }: Pick<ClusterStatus, 'givenUpSince'>): ClusterFacts =>
  givenUpSince === undefined ? facts : { ...facts, heldDeath: undefined };

const heldDeathText = ({ heldDeathWhy }: ClusterFacts, held: HeldDeath): string =>
  heldVerdictText(held, heldDeathWhy ?? obstacleText[held.obstacle]);

const heldVerdict = ({ cause, sinceMs, voters, needed, observers, obstacle }: HeldDeath, message: string): ClusterVerdict => ({
  ...{ cause, message, since: timeText(sinceMs), by: 'Observers', phase: 'Held' },
  ...{ votes: `${voters.length}/${needed}/${observers}`, voters, obstacle },
});

/**
 * A hub that has just started may have heard no observer yet; of what is no member nobody tells anything. A cluster whose agent it hears is not
 * dead; of its gateway that says nothing.
 */
const isStillHeld = ({ phase, cause }: ClusterVerdict, cluster: Cluster, { health, isYoung = false }: ClusterFacts): boolean =>
  phase === 'Held' && isYoung && isMember(cluster) && (cause === 'DataPlane' ? health.phase !== 'Lost' : health.phase === 'Unseen');

/** What the observers agreed on, a death that is held first; where they agree on nothing, what the hub makes of its own hearing. */
const verdictOf = (cluster: Cluster, ready: Condition | undefined, facts: ClusterFacts): Pick<ClusterStatus, 'verdict'> => {
  const { observed, held: obstacle, heldDeath } = facts;
  const before = cluster.status?.verdict;
  const hindered = obstacle === undefined ? {} : { obstacle };
  if (heldDeath !== undefined) return { verdict: heldVerdict(heldDeath, heldDeathText(facts, heldDeath)) };
  if (observed !== undefined) {
    const { cause, message, sinceMs, phase, votes, voters, epoch, heldUntilMs } = observed;
    const held = phase === 'Returning' && heldUntilMs !== undefined ? { heldUntil: timeText(heldUntilMs) } : {};
    return { verdict: { cause, message, since: timeText(sinceMs), by: 'Observers', phase, ...held, votes, voters, epoch, ...hindered } };
  }
  if (before !== undefined && isStillHeld(before, cluster, facts)) return { verdict: before };
  // Whether a fault that its agent told of is over, a hub that does not hear the agent cannot say.
  if (ready?.reason === 'AgentNotHeard' && before?.by === 'Hub' && before.cause === 'APIServer') return { verdict: before };
  const cause = ready === undefined || ready.status === 'True' ? undefined : causes[ready.reason];
  return ready === undefined || cause === undefined
    ? {}
    : { verdict: { cause, message: ready.message, since: ready.lastTransitionTime, by: 'Hub', ...hindered } };
};

const clusterDead = ({ message }: Observed, heldWhy: string | undefined): Finding => ({
  type: 'Ready',
  status: 'Unknown',
  reason: 'ClusterUnreachable',
  message: heldWhy === undefined ? message : `${message}. Its replicas stay for now: ${heldWhy}`,
});

const deathHeld = (message: string): Finding => ({ type: 'Ready', status: 'Unknown', reason: 'RemovalHeld', message });

const removalHeld = (why: string): Finding => ({
  type: 'Ready',
  status: 'Unknown',
  reason: 'RemovalHeld',
  message: `the agent stopped beating, and its replicas stay where they are: ${why}`,
});

const seenRunning = (health: Health, isClosed: boolean): Finding => ({
  type: 'Ready',
  status: 'Unknown',
  reason: 'AgentNotHeard',
  message: `${notHeardText(health)}, and the others see the cluster run: its replicas stay where they are${isClosed ? ', and it takes no new ones' : ''}`,
});

const doubtful = (health: Health): Finding => ({
  type: 'Ready',
  status: 'Unknown',
  reason: 'AgentNotHeard',
  message:
    `${notHeardText(health)}, and whether the cluster lives nobody can tell: its replicas stay where they are; ` +
    "where no cluster is heard, look at the broker and at the hub's way to it",
});

const withoutGateway: Finding = {
  type: 'Ready',
  status: 'True',
  reason: 'Returning',
  message: 'the agent beats again after the cluster was lost, and its gateway answers nobody yet: it takes no replicas before that is over',
};

/** Why nobody can be heard yet of a cluster that is not in. */
const notIn = ({ status }: Cluster): Finding | undefined => {
  const approved = status?.conditions?.find(({ type }) => type === 'Approved');
  return approved?.status === 'False' ? { type: 'Ready', status: 'Unknown', reason: 'NotApproved', message: approved.message } : undefined;
};

/** The later end of the two hold-downs, that of the observers and that of the hub's own hearing; undefined = none is in sight. */
const heldUntil = ({ health, observed, options = healthDefaults }: ClusterFacts): number | undefined => {
  const own = heldDownUntil(health, options);
  if (observed?.phase !== 'Returning') return own;
  return observed.heldUntilMs === undefined ? undefined : Math.max(observed.heldUntilMs, own ?? 0);
};

/** The Ready condition: a verdict first, then what the limits hold back, then what the hub hears itself. */
const readyOf = (cluster: Cluster, facts: ClusterFacts): Finding => {
  const { health, observed, held } = facts;
  const heldWhy = held === undefined ? undefined : (facts.heldWhy ?? obstacleText[held]);
  if (observed?.cause === 'Cluster' && observed.phase === 'Standing') return clusterDead(observed, heldWhy);
  if (facts.heldDeath?.cause === 'Cluster') return deathHeld(heldDeathText(facts, facts.heldDeath));
  if (heldWhy !== undefined) return removalHeld(heldWhy);
  // That the observers see it well is no word of its agent to a hub that has just started.
  const judged = health.phase === 'Unseen' ? health : underVerdict(health, facts);
  const state = livenessOf(facts);
  const isSilent = state.is === 'Doubtful' || judged.phase === 'Suspect' || health.phase === 'Suspect';
  if (isSilent && isSeenRunning(facts)) return seenRunning(health, judged.phase !== 'Well');
  if (state.is === 'Doubtful') return doubtful(health);
  if (state.is === 'Returning' && state.isWithoutGateway && health.api.reachable) return withoutGateway;
  const ready = readyCondition(judged, heldUntil(facts));
  // Why nobody can say more than that it is silent.
  const message = observed?.cause === 'Silent' && ready.status !== 'True' ? `${ready.message}; ${observed.message}` : ready.message;
  const heard: Finding = { type: 'Ready', ...ready, message };
  return health.phase === 'Unseen' ? (notIn(cluster) ?? heard) : heard;
};

/** What keeps replicas away from it beside what its operator says, as placement goes by it. */
const taintsIn = (facts: ClusterFacts): Pick<ClusterStatus, 'taints'> => {
  const taints = taintsOf(underVerdict(facts.health, facts)).map(({ key, effect }) => ({ key, effect }));
  return taints.length === 0 ? {} : { taints };
};

/** The status after these facts. Fields of others (the agent's identity, conditions of the join) stay. */
export const nextStatus = (cluster: Cluster, known: ClusterFacts, nowMs: number): ClusterStatus => {
  const givenUp = givenUpOf(cluster.status?.givenUpSince, known, nowMs);
  const facts = withHeldDeath(known, givenUp);
  const { hello, report } = facts;
  const {
    verdict: _verdict,
    drain,
    addresses,
    givenUpSince: _givenUp,
    taints: _taints,
    ...old
  } = report === undefined ? (cluster.status ?? {}) : withoutCapacity(cluster.status ?? {});
  const ready = withCondition(old.conditions ?? [], readyOf(cluster, facts), nowMs);
  const counted = withCondition(ready, capacityCondition(facts), nowMs);
  const agents = withOneAgent(withAccess(counted, facts, nowMs), facts, nowMs);
  const served = withKinds(agents, facts.kindTroubles ?? [], nowMs);
  const conditions = facts.watched === undefined ? served : withCondition(served, failoverCondition(facts.watched), nowMs);
  const verdict = verdictOf(
    cluster,
    conditions.find(({ type }) => type === 'Ready'),
    facts,
  );
  return {
    ...old,
    conditions,
    ...(hello === undefined ? {} : { kubernetesVersion: hello.kubernetesVersion, labels: hello.labels, apis: statusApis(hello.apis) }),
    ...(hello === undefined || old.agent === undefined
      ? {}
      : { agent: { ...old.agent, version: hello.agentVersion, bootId: hello.bootId } }),
    ...(report === undefined ? {} : capacityOf(report)),
    ...(report === undefined && hello === undefined ? {} : { features: featuresOf(report, hello) }),
    ...(facts.detectors === undefined ? {} : { detectors: facts.detectors }),
    ...(cluster.spec?.drain === undefined || facts.drain === undefined
      ? {}
      : { drain: { ...facts.drain, since: drain?.since ?? timeText(nowMs), observedGeneration: cluster.metadata.generation ?? 0 } }),
    ...addressesOf(addresses, facts),
    ...taintsIn(facts),
    ...givenUp,
    ...verdict,
    ...historyOf(old, verdict, facts.outages ?? [], nowMs),
  };
};

/** True when the difference is worth a write at once; sums of free room alone are not. */
export const isMaterial = (before: ClusterStatus | undefined, after: ClusterStatus): boolean => {
  const core = ({ capacity, detectors: _, ...rest }: ClusterStatus): unknown => [rest, capacity?.allocatable];
  return before === undefined || !sameJson(core(before), core(after));
};
