/** @module When the addresses of a target are looked at from outside, and what the looks say. */
import type { Finding } from '../wire/mesh.ts';
import { movesTraffic } from './opinion.ts';
import { addressKey, type DetectorEvent, type DetectorState, type LookLimits, type Peer, type ProbeRecord } from './state.ts';
import { profileOf, refuse, silentMsOf, type Turn } from './turn.ts';

/**
 * Time limit of a look without hurry. TCP sends what was lost again after a second: less would call a path dead that loses every fifth
 * packet, and on which users have their answers.
 */
const timeoutMs = 2_000;
const timeoutMsMin = 200;
/** Looks remembered for their duration, and for how many of them succeeded. */
const durationsMax = 8;
const recentMax = 20;
/** Failures in a row that make a cluster that beats one without a data plane. */
const failuresMax = 3;
/** Failures in a row, in silence, by which an observer keeps its own cluster's requests from another. */
const failuresAlone = 2;
const againAfterFailureMs = 300;
const againInSilenceMs = 1_000;
/** A look that failed says nothing when this process was late for more than one part in so many of its time. */
const lateShare = 4;
/** Of the last looks, so many may fail before the gateway is called gray. */
const grayFailures = 4;

const start = (turn: Turn, peer: Peer, probe: ProbeRecord, limits: LookLimits): void => {
  probe.id += 1;
  probe.isOut = true;
  probe.startedMs = turn.nowMs;
  probe.startedLateMs = turn.state.lateMs;
  turn.out.push({ type: 'probe', target: peer.member.name, address: probe.address, id: probe.id, limits });
};

/**
 * A look that takes a quarter longer than the slowest of late, and some, will not succeed; nor one that takes twice as long as is usual: a
 * single slow answer among the last must not hold the verdict back.
 */
export const quickMs = (tookMs: readonly number[]): number => {
  if (tookMs.length === 0) return timeoutMs;
  const sorted = tookMs.toSorted((a, b) => a - b);
  const slowest = sorted.at(-1) ?? 0;
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return Math.min(timeoutMs, Math.max(timeoutMsMin, Math.min(Math.ceil(1.25 * slowest), 2 * usual) + 100));
};

const unhurried: LookLimits = { openMs: timeoutMs, answerMs: timeoutMs };

/**
 * In haste. A look at what vanished has no connection after one round trip; one at what hangs has, and only its answer lacks. To wait for several
 * round trips in both cases would make every verdict as slow as the second.
 */
const inHaste = ({ tookMs, openedMs }: ProbeRecord): LookLimits => {
  const answerMs = quickMs(tookMs);
  return { openMs: Math.min(answerMs, quickMs(openedMs)), answerMs };
};

/**
 * Starts what is due. In doubt everything is looked at again at once, whatever look is still out, and in haste; what has answered since the
 * silence began is known to outlive its agent, and has its full time from then on: a machine that gives us the processor late is no death.
 */
export const probe = (turn: Turn, peer: Peer): void => {
  const { state, nowMs, random } = turn;
  if (peer.probes.length === 0) return;
  const profile = profileOf(state);
  const silentMs = silentMsOf(peer, nowMs);
  const inDoubt = silentMs !== undefined && silentMs >= profile.doubtMs;
  const doubtedMs = nowMs - (silentMs ?? 0) + profile.doubtMs;
  for (const record of peer.probes) {
    if (inDoubt && record.startedMs < doubtedMs) {
      start(turn, peer, record, inHaste(record));
      record.nextMs = nowMs + againInSilenceMs;
    } else if (!record.isOut && nowMs >= record.nextMs) {
      const isInHaste = inDoubt && (record.answeredMs ?? Number.NEGATIVE_INFINITY) < nowMs - (silentMs ?? 0);
      start(turn, peer, record, isInHaste ? inHaste(record) : unhurried);
      // Spread a little, so that observers that started together do not knock together.
      record.nextMs = nowMs + (inDoubt ? againInSilenceMs : profile.probeEveryMs) * (0.9 + 0.2 * random());
    }
  }
};

/**
 * True when an answer is the first since a death that all have agreed on: that death is told, and answered for by its penalty. Its looks say
 * nothing of losses on the way, for which the return would be held back once more.
 */
const endsDeath = ({ subjects }: DetectorState, { member }: Peer, { failures }: ProbeRecord): boolean => {
  const standing = subjects.get(member.name)?.standing;
  // Others may have seen it answer before: to them it is on its way back.
  return movesTraffic(standing?.cause) && failures >= (standing?.phase === 'Standing' ? 1 : failuresMax);
};

const note = (durations: number[], ms: number): void => {
  durations.push(ms);
  if (durations.length > durationsMax) durations.shift();
};

/** A look has ended. */
export const probed = (turn: Turn, event: Extract<DetectorEvent, { type: 'probed' }>): void => {
  const { state } = turn;
  const peer = state.peers.get(event.target);
  const record = peer?.probes.find(({ address, id }) => address.url === event.url && id === event.id);
  // An older look than the newest says nothing.
  if (peer === undefined || record === undefined) return;
  record.isOut = false;
  if (event.isWild === true && !record.isWild)
    refuse(turn, event.target, 'WildGateway', `${event.url} also says yes to what does not exist: its yes says little about the cluster`);
  if (event.isWild !== undefined) record.isWild = event.isWild;
  // Before its first answer it was not there, or closed to this observer: that is no loss on the way either.
  if (event.isAnswered && (!record.hasAnswered || endsDeath(state, peer, record))) record.recent.length = 0;
  record.recent.push(event.isAnswered);
  if (record.recent.length > recentMax) record.recent.shift();
  if (event.isAnswered) {
    if (!record.hasAnswered) state.addressesKnown = new Set(state.addressesKnown).add(addressKey(peer.member, record.address));
    record.hasAnswered = true;
    record.answeredMs = turn.nowMs;
    record.failures = 0;
    note(record.tookMs, event.tookMs);
    if (event.openedMs !== undefined) note(record.openedMs, event.openedMs);
    return;
  }
  // While this process itself was away nothing could answer it, and one that gets the processor late is late to hear the answer.
  const lateMs = state.lateMs - record.startedLateMs;
  if (record.startedMs < state.resumedMs || lateMs * lateShare > turn.nowMs - record.startedMs) {
    record.nextMs = turn.nowMs;
    return;
  }
  record.failures += 1;
  record.nextMs = Math.min(record.nextMs, turn.nowMs + againAfterFailureMs);
};

/** True while a look that began in this silence has not ended. */
export const isLooking = (peer: Peer, silentSinceMs: number): boolean =>
  peer.probes.some(({ isOut, startedMs, hasAnswered, failures }) => isOut && failures === 0 && hasAnswered && startedMs >= silentSinceMs);

/**
 * What the addresses of a role say. An address that never answered this observer says nothing, nor does one that only the process before this
 * one had answers of, until it answers or has failed often enough. A gateway that answers everything is believed as well: what users get is
 * what it says. Of what only shows that somebody is there it is not: a proxy on the way, or a balancer in front, says yes for the dead too, and
 * nothing would ever move. While the cluster beats, one failure is no finding; in silence it is.
 */
export const findingOf = (peer: Peer, role: ProbeRecord['address']['role'], isHeard: boolean): Finding => {
  let [lost, open] = [0, 0];
  for (const { address, hasAnswered, answeredMs, isWild, failures } of peer.probes) {
    if (address.role !== role || !hasAnswered || (isWild && role === 'APIServer')) continue;
    if (failures >= (isHeard ? failuresMax : 1)) lost += 1;
    else if (answeredMs === undefined) open += 1;
    else return 'ok';
  }
  return lost > 0 && open === 0 ? 'lost' : 'none';
};

/** True when something that answered once has been looked at often enough, all of it, since this process began, to say what it does now. */
export const isDecided = ({ probes }: Peer): boolean => {
  const known = probes.filter(({ hasAnswered }) => hasAnswered);
  const isClear = ({ failures, answeredMs }: ProbeRecord): boolean =>
    failures >= failuresAlone || (failures === 0 && answeredMs !== undefined);
  return known.length > 0 && known.every(isClear);
};

const knownGateways = ({ probes }: Peer): readonly ProbeRecord[] =>
  probes.filter(({ address, hasAnswered }) => address.role === 'Gateway' && hasAnswered);

/**
 * Whether requests from here would arrive at a cluster, as far as an observer has seen.
 * - `Reached`: users have answers. Its gateways say so; where it has none its beats do, and in silence its API server.
 * - `Lost`: they have none. No gateway that ever answered has done so of late; where none ever did it is held for dead. One look in silence is
 *   a vote, which others outvote; a stopped agent and one slow answer must not take a cluster's requests away.
 * - `Undecided`: its gateways have answered once, and too few looks say what they do now.
 * - `Unknown`: there is no sight of it.
 */
export type Reach = 'Reached' | 'Lost' | 'Undecided' | 'Unknown';

/** By the looks at its addresses, and the opinion. */
export const reachOf = (peer: Peer, isHeard: boolean): Reach => {
  const known = knownGateways(peer);
  if (known.length > 0) {
    if (known.every(({ failures }) => failures >= (isHeard ? failuresMax : failuresAlone))) return 'Lost';
    return findingOf(peer, 'Gateway', isHeard) === 'ok' ? 'Reached' : 'Undecided';
  }
  if (movesTraffic(peer.opinion)) return 'Lost';
  if (peer.probes.some(({ address }) => address.role === 'Gateway')) return 'Unknown';
  return isHeard || findingOf(peer, 'APIServer', false) === 'ok' ? 'Reached' : 'Unknown';
};

const countOf = (recent: readonly boolean[], wanted: boolean): number => {
  let count = 0;
  for (const isOk of recent) if (isOk === wanted) count += 1;
  return count;
};

/** True when a gateway works, but not always. One that never answers may be closed to this observer. */
export const isFlaky = (peer: Peer): boolean =>
  peer.probes.some(
    ({ address, recent }) =>
      address.role === 'Gateway' && recent.length === recentMax && recent.includes(true) && countOf(recent, false) >= grayFailures,
  );
