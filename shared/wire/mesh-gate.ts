/** @module The gate of the mesh: signs what goes out, and opens what comes in, once for the copies that came over both channels. */
import { hubName, type Membership, type MeshBeat, type MeshMessage } from './mesh.ts';
import { type OpenedPacket, openPacket, sealPacket } from './mesh-packet.ts';

/** What the gate is built from. */
export type MeshGateOptions = {
  /** Ed25519, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  readonly verify: (publicKey: string, bytes: Uint8Array, signature: Uint8Array) => boolean;
  /** nkey user public key of the hub; undefined = not known yet, and then nothing of the hub is believed. */
  readonly hubKey: () => string | undefined;
  /** How a packet is opened; absent = {@link openPacket}. A simulation, in which many hear the same bytes, opens them once. */
  readonly open?: typeof openPacket;
};

/** A message that was let in, with what the detector is given beside it. */
export type LetIn = { readonly ok: true; readonly message: MeshMessage; readonly packet: Uint8Array; readonly proof?: MeshBeat };

/** The gate. */
export type MeshGate = {
  /** The packet; undefined when it is too large for its kind. `proof` = packet of a beat, put into an answer. */
  readonly seal: (message: MeshMessage, proof?: Uint8Array) => Uint8Array | undefined;
  /** The bytes may be kept: nobody changes them after. */
  readonly open: (packet: Uint8Array) => LetIn | Exclude<OpenedPacket, { ok: true }>;
  /** Keys of those who may speak from now on. */
  readonly setMembers: (membership: Membership) => void;
};

/** Packets remembered: two beats of every member of a large federation. */
const rememberedMax = 1_024;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
};

/** Six bytes of the signature: as good a name for a packet as any, and a number is a quick one. */
const nameOf = (packet: Uint8Array): number => {
  let name = 0;
  for (let at = 4; at < 10; at++) name = name * 256 + (packet[at] ?? 0);
  return name;
};

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array | undefined => {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
};

/** A new gate; before the first membership only the hub may speak. */
export const makeMeshGate = ({ sign, verify, hubKey, open: openOne = openPacket }: MeshGateOptions): MeshGate => {
  let keys = new Map<string, string>();
  const remembered = new Map<number, { readonly packet: Uint8Array; readonly opened: LetIn }>();
  const check = { keyOf: (from: string) => (from === hubName ? hubKey() : keys.get(from)), verify };

  const proofIn = (message: MeshMessage): MeshBeat | undefined => {
    if (message.kind !== 'answer' || message.proof === undefined) return undefined;
    const bytes = fromBase64(message.proof);
    const opened = bytes === undefined ? undefined : openPacket(bytes, check);
    return opened?.ok === true && opened.message.kind === 'beat' ? opened.message : undefined;
  };
  return {
    seal: (message, proof) =>
      sealPacket(proof !== undefined && message.kind === 'answer' ? { ...message, proof: toBase64(proof) } : message, sign),
    open: (packet) => {
      const name = nameOf(packet);
      const known = remembered.get(name);
      // Names may be alike by chance or intent: the bytes decide.
      if (known !== undefined && sameBytes(known.packet, packet)) return known.opened;
      const opened = openOne(packet, check);
      if (!opened.ok) return opened;
      const proof = proofIn(opened.message);
      // What comes from a socket may be a window on its read buffer, and keeping it would keep the 64 KiB around it: a copy is kept.
      const kept = packet.length === packet.buffer.byteLength ? packet : new Uint8Array(packet);
      const letIn: LetIn = { ok: true, message: opened.message, packet: kept, ...(proof === undefined ? {} : { proof }) };
      remembered.set(name, { packet: kept, opened: letIn });
      if (remembered.size <= rememberedMax) return letIn;
      const [oldest] = remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
      return letIn;
    },
    setMembers: ({ members }) => {
      keys = new Map(members.map(({ name, publicKey }) => [name, publicKey]));
      // Keys may have been withdrawn.
      remembered.clear();
    },
  };
};
