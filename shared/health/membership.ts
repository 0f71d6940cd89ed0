/** @module Takes what the hub says of who takes part. An older membership than the one in force is refused, signed or not. */
import { brokerName, hubName, type Membership } from '../wire/mesh.ts';
import { forgetLosses } from './arrivals.ts';
import { domainsByName, mayNeedHub } from './electorate.ts';
import { believeMajority } from './epochs.ts';
import { observersOf } from './observers.ts';
import { addressKey, newPeer, type Peer, type ProbeRecord } from './state.ts';
import { channelsOf, refuse, type Turn } from './turn.ts';

const newProbe = (address: ProbeRecord['address'], hasAnswered: boolean, nextMs: number): ProbeRecord => ({
  address,
  hasAnswered,
  answeredMs: undefined,
  isWild: false,
  failures: 0,
  id: 0,
  startedMs: 0,
  startedLateMs: 0,
  isOut: false,
  nextMs,
  tookMs: [],
  openedMs: [],
  recent: [],
});

/** Whom this observer did not watch for a while sent it no beats: its silence begins now, and it has lost nothing. */
const watchAgain = (peer: Peer, nowMs: number): void => {
  peer.heardMs = nowMs;
  for (const arrivals of channelsOf(peer)) forgetLosses(arrivals);
};

/** Puts a membership in force; what is known of those who stay is kept. */
export const takeMembership = (turn: Turn, membership: Membership): void => {
  const { state, nowMs } = turn;
  if (membership.from !== hubName || (state.membership !== undefined && membership.epoch < state.membership.epoch)) {
    refuse(turn, membership.from, 'OldMembers', `membership ${membership.epoch}, ours is ${state.membership?.epoch ?? 'none'}`);
    return;
  }
  state.membership = membership;
  state.observers = new Map();
  state.electorates = new Map([[brokerName, domainsByName(membership.members.filter(({ name }) => name !== hubName))]]);
  state.lost = membership.members.flatMap(({ name, isLost }) => (isLost === true ? [name] : []));
  const names = new Set(membership.members.map(({ name }) => name));
  for (const name of [...state.peers.keys()]) if (!names.has(name)) state.peers.delete(name);
  for (const name of [...state.subjects.keys()]) if (!names.has(name) && !name.startsWith('@')) state.subjects.delete(name);
  for (const name of [...state.ballots.keys()]) if (!names.has(name)) state.ballots.delete(name);
  state.removals = state.removals.filter(({ name }) => names.has(name));
  for (const member of membership.members) {
    const observers = observersOf(member.name, membership, hubName);
    state.observers.set(member.name, observers);
    state.electorates.set(member.name, domainsByName(observers));
    if (member.name === state.name) continue;
    const peer = state.peers.get(member.name);
    const kept: Peer = peer?.member.publicKey === member.publicKey ? peer : { ...newPeer(member), knownMs: nowMs };
    kept.member = member;
    const isWitness = state.name === hubName && mayNeedHub(observers);
    const wasWatched = kept.isWatched;
    kept.isWatched = observers.some(({ name }) => name === state.name) || member.name === hubName || isWitness;
    if (kept.isWatched && !wasWatched && kept.heardMs !== undefined) watchAgain(kept, nowMs);
    kept.probes = member.probes.map(
      (address) =>
        kept.probes.find(({ address: { url, role } }) => url === address.url && role === address.role) ??
        newProbe(address, state.addressesKnown.has(addressKey(member, address)), nowMs + turn.random() * 1_000),
    );
    state.peers.set(member.name, kept);
  }
  const advertised = membership.members.flatMap((member) => member.probes.map((address) => addressKey(member, address)));
  state.addressesKnown = state.addressesKnown.intersection(new Set(advertised));
  believeMajority(state);
};
