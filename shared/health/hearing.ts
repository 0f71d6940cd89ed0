/** @module What a detector makes of messages: whose boot it is, whether it is new, and what it says. Signatures were checked before. */
import type { MeshAnswer, MeshAsk, MeshBallot, MeshBeat, MeshMessage } from '../wire/mesh.ts';
import { forgetLosses, noArrivals, noteArrival } from './arrivals.ts';
import { noteEpoch } from './epochs.ts';
import { takeMembership } from './membership.ts';
import { movesTraffic } from './opinion.ts';
import { beatEveryMs } from './profile.ts';
import { hearAsk } from './questions.ts';
import { noteSilence, type SilenceEnd } from './shadow.ts';
import type { Channel, DetectorEvent, Peer, Subject } from './state.ts';
import { channelsOf, headOf, refuse, send, silentMsOf, suspectMsMin, suspectMsOf, type Turn } from './turn.ts';
import { hearTwin } from './twin.ts';

/** Beats older than this many may come late over the slower channel and are not worth a word; older ones were kept and sent again. */
const lateBeatsMax = 50;
/** A sender's clock may run ahead of ours by this between two beats. */
const aheadMsMax = 60_000;
const oldBootsMax = 32;
const askAgainMs = 500;

const none: readonly string[] = [];

type Heard = Extract<DetectorEvent, { type: 'message' }>;

type ForDetector = MeshBeat | MeshBallot | MeshAsk | MeshAnswer;
const forDetector: ReadonlySet<MeshMessage['kind']> = new Set(['beat', 'ballot', 'ask', 'answer']);
const isHeard = (message: MeshMessage): message is ForDetector => forDetector.has(message.kind);

/** Takes one message. Answers the targets that should be judged again. */
export const hear = (turn: Turn, event: Heard): readonly string[] => {
  const { message, channel } = event;
  const { state } = turn;
  if (message.kind === 'members') {
    takeMembership(turn, message);
    return [];
  }
  if (message.from === state.name) {
    if (message.bootId !== state.bootId) hearTwin(turn, message);
    else if (channel === 'broker' && message.kind === 'beat') state.echoMs = turn.nowMs;
    return [];
  }
  const peer = state.peers.get(message.from);
  if (peer === undefined || !isHeard(message)) return [];
  // Before the boot: a question needs no past, and an answer is what proves a boot.
  if (message.kind === 'ask') {
    hearAsk(turn, peer, message, channel);
    return [];
  }
  if (message.kind === 'answer') return hearAnswer(turn, peer, message, event);
  if (!isKnownBoot(turn, peer, message.bootId)) return [];
  return message.kind === 'beat' ? hearBeat(turn, peer, message, channel, event.packet) : hearBallot(turn, peer, message);
};

/** A boot that was never seen must answer a question first: what was recorded before our start cannot. */
const isKnownBoot = (turn: Turn, peer: Peer, boot: string): boolean => {
  if (peer.boot === boot) return true;
  const { name } = peer.member;
  if (peer.oldBoots.includes(boot)) {
    refuse(turn, name, 'OldBoot', 'a message of a life that has ended');
    return false;
  }
  const { candidate } = peer;
  if (candidate?.boot === boot && turn.nowMs - candidate.askedMs < askAgainMs) return false;
  const nonce = ++turn.state.nonce;
  peer.candidate = { boot, nonce, askedMs: turn.nowMs };
  send(turn, [name], { ...headOf(turn, ++turn.state.otherSeq), kind: 'ask', to: name, toBoot: boot, about: name, nonce });
  return false;
};

const adoptBoot = (turn: Turn, peer: Peer, boot: string): void => {
  if (peer.boot !== undefined) {
    peer.oldBoots.push(peer.boot);
    if (peer.oldBoots.length > oldBootsMax) peer.oldBoots.shift();
  }
  peer.boot = boot;
  peer.candidate = undefined;
  peer.beatSeq = -1;
  peer.ballotSeq = -1;
  peer.channels = { direct: noArrivals(), broker: noArrivals() };
  lives(turn, peer);
};

/** Where one observer alone cannot be outvoted nobody has agreed on anything. */
const silenceEnd = (subject: Subject | undefined): SilenceEnd => {
  if (subject?.standing !== undefined) return 'Verdict';
  return subject?.hindered === undefined || subject.hindered.obstacle === 'NoWitness' ? 'Nothing' : 'Held';
};

/** A sign of life. */
const lives = (turn: Turn, peer: Peer): void => {
  const silentMs = silentMsOf(peer, turn.nowMs) ?? 0;
  const subject = turn.state.subjects.get(peer.member.name);
  const verdict = subject?.standing;
  if (silentMs > beatEveryMs) noteSilence(peer.shadows, channelsOf(peer), silentMs, silenceEnd(subject));
  // What its addresses did while it was away says nothing about now: they are looked at anew, at once.
  if (silentMs > suspectMsMin(turn.state) && silentMs > suspectMsOf(turn.state, peer)) {
    for (const probe of peer.probes) {
      probe.failures = 0;
      probe.answeredMs = undefined;
      probe.nextMs = turn.nowMs;
    }
    // A death that all have agreed on is answered for by its penalty: it makes no path gray, which would hold the return back once more.
    if (movesTraffic(verdict?.cause) || subject?.hindered !== undefined) {
      for (const arrivals of channelsOf(peer)) forgetLosses(arrivals);
      for (const probe of peer.probes) probe.recent.length = 0;
    }
  }
  peer.heardMs = turn.nowMs;
  peer.round = undefined;
  peer.helpers = 'none';
};

const isCredible = (turn: Turn, peer: Peer, beat: MeshBeat): boolean => {
  const { name } = peer.member;
  if (beat.seq < peer.beatSeq - lateBeatsMax) {
    refuse(turn, name, 'Replayed', `beat ${beat.seq} after beat ${peer.beatSeq}`);
    return false;
  }
  // Not since it was heard, out of which pauses are taken: its clock went on while this process slept, and its beats were lost.
  const sinceMs = turn.nowMs - peer.sentAtMs;
  const isAhead = peer.beatSeq >= 0 && beat.sentMs - peer.sentMs > sinceMs + aheadMsMax;
  const isJump = peer.beatSeq >= 0 && (beat.seq - peer.beatSeq) * beatEveryMs > 10 * (sinceMs + aheadMsMax);
  if (isAhead || isJump) {
    refuse(turn, name, 'Future', `beat ${beat.seq} of ${beat.sentMs} ms: later than it can be`);
    return false;
  }
  return true;
};

const hearBeat = (turn: Turn, peer: Peer, beat: MeshBeat, channel: Channel, packet: unknown): readonly string[] => {
  if (!isCredible(turn, peer, beat)) return [];
  noteArrival(peer.channels[channel], beat.seq, beat.sentMs, turn.nowMs);
  if (beat.seq <= peer.beatSeq) return [];
  lives(turn, peer);
  peer.beatSeq = beat.seq;
  peer.sentMs = beat.sentMs;
  peer.sentAtMs = turn.nowMs;
  peer.self = beat.self;
  peer.members = beat.members ?? peer.members;
  peer.packet = packet;
  noteEpoch(turn, peer, beat.epoch);
  return peer.opinion === undefined ? [] : [peer.member.name];
};

const hearBallot = (turn: Turn, peer: Peer, ballot: MeshBallot): readonly string[] => {
  const { name } = peer.member;
  if (ballot.seq <= peer.ballotSeq) {
    if (ballot.seq < peer.ballotSeq - lateBeatsMax) refuse(turn, name, 'Replayed', `ballot ${ballot.seq} after ballot ${peer.ballotSeq}`);
    return [];
  }
  peer.ballotSeq = ballot.seq;
  noteEpoch(turn, peer, ballot.epoch);
  const before = turn.state.ballots.get(name)?.ballot;
  turn.state.ballots.set(name, { ballot, atMs: turn.nowMs });
  return before === undefined ? namedBy(ballot) : [...new Set([...namedBy(before), ...namedBy(ballot)])];
};

/** Of whom a ballot says anything; most are empty. */
const namedBy = ({ votes, well = none, open = none }: MeshBallot): readonly string[] =>
  votes.length + well.length + open.length === 0 ? none : [...votes.map(({ target }) => target), ...well, ...open];

const hearAnswer = (turn: Turn, peer: Peer, answer: MeshAnswer, { proof }: Heard): readonly string[] => {
  const { about, nonce, to, bootId } = answer;
  if (to !== turn.state.name) {
    refuse(turn, peer.member.name, 'NotForUs', `an answer to ${to}`);
    return [];
  }
  if (about === answer.from) {
    const { candidate } = peer;
    if (candidate?.nonce === nonce && candidate.boot === bootId) adoptBoot(turn, peer, bootId);
    // The target itself says that it lives, in answer to this question: nothing is better.
    else if (peer.round?.nonce === nonce && peer.boot === bootId) lives(turn, peer);
    return [about];
  }
  const target = turn.state.peers.get(about);
  const round = target?.round;
  if (target === undefined || round === undefined || round.nonce !== nonce || !round.waiting.delete(answer.from)) return [];
  round.answered += 1;
  // Only a beat newer than the last we had is news; nobody but the target can make one. Of whom we have none it is believed: it moves nothing.
  if (proof?.from !== about) return [about];
  if (target.boot === undefined) round.isHeard = true;
  else if (proof.bootId === target.boot && proof.seq > target.beatSeq) {
    target.beatSeq = proof.seq;
    target.sentMs = proof.sentMs;
    target.sentAtMs = turn.nowMs;
    round.isHeard = true;
  }
  return [about];
};
