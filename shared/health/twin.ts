/**
 * @module Somebody else who speaks in our name with our own key: the same agent, started twice. What was recorded of an earlier life of ours says
 * the same, so it is asked first: only one who lives answers a question. Of two that live the one that was started first gives way, because
 * everybody else goes by the later one.
 */
import type { MeshAnswer, MeshAsk, MeshMessage } from '../wire/mesh.ts';
import { headOf, refuse, send, type Turn } from './turn.ts';

/** A twin is asked, and answered, no more often than this: for so long its answer may be under way. */
const againMs = 2_000;

/** Takes a message in our own name of another boot than ours. */
export const hearTwin = (turn: Turn, message: MeshMessage): void => {
  if (message.kind === 'ask') answer(turn, message);
  else if (message.kind === 'answer') learn(turn, message);
  else if (message.kind === 'beat' || message.kind === 'ballot') ask(turn, message.bootId);
};

const ask = (turn: Turn, boot: string): void => {
  const { state, nowMs } = turn;
  refuse(turn, state.name, 'OwnName', 'somebody else speaks in our name, or this agent runs twice');
  if (state.twin !== undefined && nowMs - state.twin.askedMs < againMs) return;
  const nonce = ++state.nonce;
  state.twin = { boot, nonce, askedMs: nowMs };
  send(turn, [state.name], { ...headOf(turn, ++state.otherSeq), kind: 'ask', to: state.name, toBoot: boot, about: state.name, nonce });
};

const answer = (turn: Turn, { to, toBoot, about, nonce }: MeshAsk): void => {
  const { state, nowMs } = turn;
  if (to !== state.name || toBoot !== state.bootId || about !== state.name) return;
  if (state.twinAnsweredMs !== undefined && nowMs - state.twinAnsweredMs < againMs) return;
  state.twinAnsweredMs = nowMs;
  send(turn, [state.name], { ...headOf(turn, ++state.otherSeq), kind: 'answer', to, about, nonce });
};

const learn = (turn: Turn, { to, bootId, nonce, sentMs }: MeshAnswer): void => {
  const { state, nowMs } = turn;
  const { twin } = state;
  if (to !== state.name || twin === undefined || twin.nonce !== nonce || twin.boot !== bootId) return;
  // Its age is of a moment between our question and its answer; started within that time, the names of the boots decide.
  const [asked, now] = [twin.askedMs - state.beginMs, nowMs - state.beginMs];
  const isOlder = sentMs > now || (sentMs >= asked && bootId > state.bootId);
  if (!isOlder) turn.out.push({ type: 'overtaken' });
};
