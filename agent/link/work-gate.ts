/** @module The gate that desired work passes: signature, place, shape, age, seal. What does not pass is refused with a reason. */
import { decodeMessage } from '../../shared/wire/decode.ts';
import type { WorkItem } from '../../shared/wire/messages.ts';
import type { AgentKeys } from './keys.ts';

/** One record as the broker has it. */
export type WorkRecord = { readonly key: string; readonly payload: Uint8Array; readonly signature: string | undefined };

/** Let through, known already, or refused. */
export type Passage =
  | { readonly pass: 'item'; readonly item: WorkItem }
  | { readonly pass: 'known' }
  /** Older than what this agent has: it is refused, and whoever sent it does not know what is here. */
  | { readonly pass: 'outdated'; readonly item: WorkItem; readonly knownSeq: number; readonly message: string }
  | { readonly pass: 'refused'; readonly reason: string; readonly message: string };

/** The gate; it remembers the highest `seq` of each id. */
export interface WorkGate {
  pass(record: WorkRecord): Passage;
  rememberSeq(id: string, seq: number): void;
}

export type WorkGateOptions = {
  readonly cluster: string;
  readonly open: AgentKeys['open'];
  readonly verify: (key: string, payload: Uint8Array, signature: string) => boolean;
};

const refused = (reason: string, message: string): Passage => ({ pass: 'refused', reason, message });

/** A new gate. `seqs` may be handed on from one hub key to the next. */
export const makeWorkGate = ({ cluster, open, verify }: WorkGateOptions, seqs = new Map<string, number>()): WorkGate => {
  /** Ids let through since the start; what was only remembered is let through once more, so that a restart sees its whole work. */
  const passed = new Set<string>();
  const pass = ({ key, payload, signature }: WorkRecord): Passage => {
    if (signature === undefined) return refused('NoSignature', 'work without a signature of the hub');
    if (!verify(key, payload, signature)) return refused('BadSignature', 'work that the hub did not sign, or not for this place');
    const decoded = decodeMessage('work', payload, cluster);
    if (!decoded.ok) return refused(decoded.reason, decoded.message);
    const { id, seq } = decoded.value;
    if (key !== `${cluster}.${id}`) return refused('WrongId', `work of id ${id} under the key ${key}`);
    const known = seqs.get(id);
    if (known !== undefined && seq < known)
      return { pass: 'outdated', item: decoded.value, knownSeq: known, message: `work ${id} of revision ${seq}, older than ${known}` };
    if (known === seq && passed.has(id)) return { pass: 'known' };
    const item = unsealed(decoded.value, open);
    if (item === undefined) return refused('CannotOpen', `work ${id} is sealed to another key: the hub must send it again`);
    seqs.set(id, seq);
    passed.add(id);
    return { pass: 'item', item };
  };
  return { pass, rememberSeq: (id, seq) => void seqs.set(id, Math.max(seq, seqs.get(id) ?? 0)) };
};

const unsealed = (item: WorkItem, open: AgentKeys['open']): WorkItem | undefined => {
  if (item.sealed === undefined) return item;
  const object = open(item);
  const { sealed: _, ...rest } = item;
  return object === undefined ? undefined : { ...rest, object };
};
