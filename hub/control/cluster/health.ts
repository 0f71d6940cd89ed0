/** @module Whether a cluster is well, from its beats alone. Pure: a state, what happened, and the time. */
import { returningTaint, unreachableTaint } from '../../../shared/api/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { TimedTaint } from '../../../shared/placement/index.ts';
import { comebackMsMax } from '../../../shared/wire/comeback.ts';

/** Times of the judgement, ms. */
export type HealthOptions = {
  /** Silence after which no new replicas go to the cluster. */
  readonly suspectMs: number;
  /** Silence after which its replicas are placed elsewhere. */
  readonly toleranceMs: number;
  /** How long a cluster that came back must beat without a gap before it takes replicas again. */
  readonly holdDownMs: number;
  /** How long agents may take to come back after the hub or its broker was away. */
  readonly comebackMs: number;
};

/** Beats come every second; a cluster is suspect after three missed, lost after ten. */
export const healthDefaults: HealthOptions = { suspectMs: 3_500, toleranceMs: 10_000, holdDownMs: 10_000, comebackMs: comebackMsMax };

/**
 * `Unseen` since the hub started; `Well`; `Suspect` = silent but within its toleration; `Lost`; `Returning` = beats again and is held down.
 */
export type HealthPhase = 'Unseen' | 'Well' | 'Suspect' | 'Lost' | 'Returning';

/** What is known of one cluster's health. */
export type Health = {
  readonly phase: HealthPhase;
  /** Last sign of life, or when counting began. */
  readonly lastBeatMs: number;
  /** When the phase began. */
  readonly sinceMs: number;
  /** Whether the member's API server answers its agent. */
  readonly api: { readonly reachable: boolean; readonly reason: string; readonly message: string; readonly sinceMs: number };
};

const apiFine = (sinceMs: number): Health['api'] => ({ reachable: true, reason: '', message: '', sinceMs });

/** A cluster that has not been heard since `nowMs`. */
export const unseen = (nowMs: number): Health => ({ phase: 'Unseen', lastBeatMs: nowMs, sinceMs: nowMs, api: apiFine(nowMs) });

const moveTo = (health: Health, phase: HealthPhase, sinceMs: number): Health =>
  health.phase === phase ? health : { ...health, phase, sinceMs };

/** A beat arrived. */
export const onBeat = (
  health: Health,
  nowMs: number,
  api: { readonly reachable: boolean; readonly reason?: string; readonly message?: string },
): Health => {
  const phase: HealthPhase = health.phase === 'Lost' ? 'Returning' : health.phase === 'Returning' ? 'Returning' : 'Well';
  const seen = moveTo({ ...health, lastBeatMs: nowMs }, phase, nowMs);
  if (api.reachable === seen.api.reachable) return { ...seen, api: { ...seen.api, reason: api.reason ?? '', message: api.message ?? '' } };
  return { ...seen, api: { reachable: api.reachable, reason: api.reason ?? '', message: api.message ?? '', sinceMs: nowMs } };
};

/** How the hub has been able to hear a cluster. */
export type Ear = {
  /** Since when it hears at all; silence before that says nothing about the cluster. */
  readonly sinceMs: number;
  /** When the cluster's observers last said that it runs; undefined = never. */
  readonly ranMs?: number | undefined;
  /** False until the cluster's agent has said its first hello: until then it was never there to be lost, however long its approval takes. */
  readonly wasHeardEver?: boolean;
};

/**
 * From when silence of a cluster counts. While its observers say that it runs silence makes it doubtful, not lost; when they no longer say so, as
 * after a cut link has healed and before the cluster is heard again, silence begins to count.
 */
const silentFrom = ({ lastBeatMs }: Health, { sinceMs, ranMs = sinceMs }: Ear, { suspectMs }: HealthOptions): number =>
  Math.max(lastBeatMs, sinceMs, ranMs - suspectMs);

/** When silence is a loss. An agent that has not been heard since the hub hears again may live and be on its way back. */
const lostAt = (health: Health, ear: Ear, options: HealthOptions): number => {
  const isBack = health.phase !== 'Unseen' && health.lastBeatMs >= ear.sinceMs;
  const backMs = Math.max(health.lastBeatMs, ear.sinceMs) + options.comebackMs;
  const fromMs = silentFrom(health, ear, options);
  return (isBack ? fromMs : Math.max(fromMs, backMs)) + options.toleranceMs;
};

/** Time passed. */
export const onTick = (health: Health, nowMs: number, ear: Ear, options: HealthOptions): Health => {
  if (health.phase === 'Unseen' && ear.wasHeardEver === false) return unseen(nowMs);
  const silentMs = nowMs - silentFrom(health, ear, options);
  if (nowMs >= lostAt(health, ear, options)) return moveTo(health, 'Lost', nowMs);
  if (health.phase === 'Returning') {
    // A gap within the hold-down starts it anew.
    if (silentMs >= options.suspectMs) return { ...health, sinceMs: nowMs };
    return health.lastBeatMs - health.sinceMs >= options.holdDownMs ? moveTo(health, 'Well', nowMs) : health;
  }
  if (health.phase === 'Well' && silentMs >= options.suspectMs) return moveTo(health, 'Suspect', nowMs);
  return health;
};

/**
 * Since when the hub has been able to hear clusters: a hub that hears none of several is deaf, whatever its connection says, as behind a broker
 * that is stopped or a link that is cut without a word. `healths`: of the clusters whose agents have ever said a word, to an earlier run too.
 */
export const heardSince = (healths: readonly Health[], heardSinceMs: number, nowMs: number, { suspectMs }: HealthOptions): number => {
  const beatsMs = healths.flatMap(({ phase, lastBeatMs }) => (phase === 'Unseen' ? [] : [lastBeatMs]));
  return healths.length > 1 && nowMs - Math.max(heardSinceMs, ...beatsMs) >= suspectMs ? nowMs - suspectMs : heardSinceMs;
};

/**
 * True when a cluster has been silent for as long as is tolerated and is not lost, as while the hub itself is deaf: whether it lives the hub cannot
 * tell.
 */
export const isInDoubt = ({ phase, lastBeatMs }: Health, nowMs: number, { toleranceMs }: HealthOptions): boolean =>
  phase !== 'Unseen' && phase !== 'Lost' && nowMs - lastBeatMs >= toleranceMs;

/** Until when the hub's own hearing holds a cluster down that came back, as long as no gap begins it anew; undefined = it does not. */
export const heldDownUntil = ({ phase, sinceMs }: Health, { holdDownMs }: HealthOptions): number | undefined =>
  phase === 'Returning' ? sinceMs + holdDownMs : undefined;

const returningText = (heldUntilMs: number | undefined): string =>
  heldUntilMs === undefined
    ? 'the agent beats again; the cluster is held down and takes no replicas: only time in which a majority sees it well counts, and too few do now'
    : `the agent beats again; the cluster is held down and takes no replicas until ${timeText(heldUntilMs)}, longer if it is doubted or not seen meanwhile`;

/** `the agent has not been heard since 2030-01-01T00:00:00Z`. */
export const notHeardText = ({ lastBeatMs }: Pick<Health, 'lastBeatMs'>): string =>
  `the agent has not been heard since ${timeText(lastBeatMs)}`;

/** Ready as Kubernetes says it of nodes: True, False with the API's reason, Unknown in silence. `heldUntilMs`: the end of a hold-down. */
export const readyCondition = (
  health: Health,
  heldUntilMs?: number,
): { status: 'True' | 'False' | 'Unknown'; reason: string; message: string } => {
  const silentSeconds = Math.floor((health.sinceMs - health.lastBeatMs) / 1000);
  switch (health.phase) {
    case 'Unseen':
      return {
        status: 'Unknown',
        reason: 'AgentNotSeen',
        message:
          'the agent has not been heard since the hub started; until every agent that lives has had time to come back, its replicas stay where they are',
      };
    case 'Lost':
      return {
        status: 'Unknown',
        reason: 'AgentStatusUnknown',
        message: `the agent stopped beating; look at its pod and at the cluster's way to the broker (silent for ${silentSeconds} s when it was given up)`,
      };
    case 'Suspect':
      return {
        status: 'Unknown',
        reason: 'AgentNotHeard',
        message: `${notHeardText(health)}: its replicas stay for now, and it takes no new ones`,
      };
    default:
      if (!health.api.reachable) {
        const why = health.api.message === '' ? health.api.reason : health.api.message;
        return health.api.reason === 'Unauthorized'
          ? { status: 'False', reason: 'MemberAPIUnauthorized', message: `the agent beats, but its API server does not know it: ${why}` }
          : { status: 'False', reason: 'MemberAPIUnreachable', message: `the agent beats, but its API server does not answer: ${why}` };
      }
      return health.phase === 'Returning'
        ? { status: 'True', reason: 'Returning', message: returningText(heldUntilMs) }
        : { status: 'True', reason: 'AgentReady', message: 'the agent beats and its API server answers' };
  }
};

/** Keys of the taints that health puts on a cluster; policies may tolerate them. */
export const healthTaints = {
  notReady: 'hanse.dev/not-ready',
  unreachable: unreachableTaint,
  returning: returningTaint,
} as const;

/** The taints of a cluster's health. A cluster that was never heard takes nothing and keeps what it has until its toleration ends. */
export const taintsOf = (health: Health): TimedTaint[] => {
  const taint = (key: string, effect: TimedTaint['effect'], sinceMs: number): TimedTaint => ({ key, effect, sinceMs });
  switch (health.phase) {
    case 'Unseen':
    case 'Suspect':
      return [taint(healthTaints.notReady, 'NoSchedule', health.sinceMs)];
    case 'Lost':
      return [taint(healthTaints.unreachable, 'NoSchedule', health.sinceMs), taint(healthTaints.unreachable, 'NoExecute', health.sinceMs)];
    case 'Returning':
      return [taint(healthTaints.returning, 'NoSchedule', health.sinceMs)];
    case 'Well':
      return health.api.reachable ? [] : [taint(healthTaints.notReady, 'NoSchedule', health.api.sinceMs)];
  }
};
