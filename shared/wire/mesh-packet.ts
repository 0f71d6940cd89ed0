/**
 * @module A mesh message as it travels, on both channels alike: four letters, an Ed25519 signature, JSON. What is signed is the JSON as sent,
 * behind a context, so that no signature of ours made for something else fits.
 */
import { bool, both, type Check, integer, list, matching, oneOf, record, text } from './check.ts';
import {
  brokerName,
  hubName,
  type MeshMessage,
  type MeshVote,
  membersMax,
  meshBytesMax,
  namesMaxOf,
  type Opinion,
  opinions,
  outagesMax,
  outageVotersMax,
  refusedRowsMax,
  votesMax,
} from './mesh.ts';

/** Why a packet was refused. `Stranger`: the membership does not know the sender. */
export type PacketRefusal = 'TooLarge' | 'NotPacket' | 'NotJson' | 'UnknownVersion' | 'Malformed' | 'Stranger' | 'BadSignature';

/** A packet that was let in, or why not; `from` is what it claims, when it could be read. */
export type OpenedPacket =
  | { readonly ok: true; readonly message: MeshMessage }
  | { readonly ok: false; readonly from: string; readonly reason: PacketRefusal; readonly message: string };

const magic = 'HNS1';
const signatureBytes = 64;
const headBytes = magic.length + signatureBytes;
const context = 'hanse/mesh/v1\n';
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const bytesMaxOfAll = Math.max(...Object.values(meshBytesMax));
const signedContext = encoder.encode(context);
const magicBytes = encoder.encode(magic);

/** Room for what is signed of a beat or a ballot, used again and again: signing and checking end before the next packet's turn. */
const usualRoom = new Uint8Array(signedContext.length + meshBytesMax.ballot);

const signedOf = (payload: Uint8Array): Uint8Array => {
  const length = signedContext.length + payload.length;
  const out = length > usualRoom.length ? new Uint8Array(length) : usualRoom.subarray(0, length);
  out.set(signedContext);
  out.set(payload, signedContext.length);
  return out;
};

/** The packet of a message; undefined when it is larger than its kind may be. `sign` answers 64 bytes. */
export const sealPacket = (message: MeshMessage, sign: (bytes: Uint8Array) => Uint8Array): Uint8Array | undefined => {
  const payload = encoder.encode(JSON.stringify(message));
  if (headBytes + payload.length > meshBytesMax[message.kind]) return undefined;
  const packet = new Uint8Array(headBytes + payload.length);
  packet.set(magicBytes);
  packet.set(sign(signedOf(payload)), magic.length);
  packet.set(payload, headBytes);
  return packet;
};

/** Who may speak, and how a signature is checked. */
export type PacketKeys = {
  /** Public key of a sender; undefined = not a member. */
  readonly keyOf: (from: string) => string | undefined;
  readonly verify: (publicKey: string, bytes: Uint8Array, signature: Uint8Array) => boolean;
};

const version: Check = (value, path) => (value === 1 ? undefined : `${path} must be 1`);
const name = matching(/^(@hub|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/, 'a cluster name or @hub');
const subject = matching(/^(@hub|@broker|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/, 'a cluster name, @hub or @broker');
const count = integer(0);
const bootId = text(64, 1);
const head = { v: version, from: name, bootId, seq: count, sentMs: count };
const finding = oneOf('ok', 'lost', 'none');
/** What these two opinions are of. Held against a cluster they would have its verdict taken for an outage. */
const opinionOn: Readonly<Partial<Record<Opinion, string>>> = { Broker: brokerName, Hub: hubName };
const ofItsSubject: Check = (value, path) => {
  const { target, opinion } = value as MeshVote;
  return (opinionOn[opinion] ?? target) === target ? undefined : `${path}.opinion ${opinion} is not of ${target}`;
};
const vote = both(
  record(
    {
      target: subject,
      opinion: oneOf(...opinions),
      silentMs: count,
      evidence: record({ direct: finding, broker: finding, helpers: finding, gateway: finding, apiServer: finding }),
    },
    { held: oneOf('Clusters', 'Capacity', 'Survivors', 'Manual') },
  ),
  ofItsSubject,
);
const member = record(
  {
    name,
    role: oneOf('Cluster', 'Witness'),
    publicKey: text(64, 1),
    addresses: list(text(256, 1), 8),
    domain: text(256, 1),
    capacity: count,
    // Those of a Cluster's spec, and its API server.
    probes: list(record({ role: oneOf('Gateway', 'APIServer'), url: text(512, 1) }), 9),
  },
  { isLost: bool, isDrained: bool },
);
const policy = record(
  {
    profile: oneOf('fast', 'balanced', 'safe'),
    automatic: bool,
    domainsMin: integer(1),
    clustersPercentMax: count,
    capacityPercentMax: count,
    windowMs: count,
    survivorsMin: integer(1),
    holdDownMs: count,
    holdDownMsMax: count,
    halfLifeMs: integer(1),
  },
  { fenceMs: integer(1), takeoverMs: integer(1) },
);
const shadow = record(
  {
    target: name,
    profile: oneOf('fast', 'balanced', 'safe'),
    suspicions: count,
    falseSuspicions: count,
    deaths: count,
    callMsMax: count,
    longestSilenceMs: count,
  },
  { heldSuspicions: count },
);
const refused = record({ cluster: text(63), reason: text(63, 1), count });
const outage = record({
  ...{ cause: oneOf('Broker', 'Hub'), sinceMs: count, untilMs: count },
  ...{ voters: list(name, outageVotersMax), votes: count, needed: count, observers: count },
});

const checks: Readonly<Record<MeshMessage['kind'], Check>> = {
  beat: record({ ...head, epoch: count, self: record({ api: bool, broker: bool }, { ingress: bool }) }, { members: count }),
  ballot: record(
    { ...head, epoch: count, votes: list(vote, votesMax) },
    { abstains: oneOf('LostMany', 'Stalled', 'Isolated'), well: list(subject, namesMaxOf(0)), open: list(subject, namesMaxOf(0)) },
  ),
  ask: record({ ...head, to: name, toBoot: bootId, about: name, nonce: count }),
  answer: record({ ...head, to: name, about: name, nonce: count }, { proof: text(1_600, 1) }),
  renew: record({ ...head, to: name, nonce: count, fence: count }),
  grant: record({ ...head, to: name, nonce: count, isGranted: bool, fence: count }),
  fence: record({ ...head, to: name, target: name, fence: count }),
  fenced: record({ ...head, to: name, target: name, fence: count, sinceMs: count }),
  members: record({ ...head, epoch: count, members: list(member, membersMax), policy }),
  credential: record({ ...head, to: name, jwt: text(7_000, 1), expiresAtMs: count }),
  shadows: record(
    { ...head, watchedMs: count, rows: list(shadow, 3 * membersMax) },
    { refused: list(refused, refusedRowsMax), outages: list(outage, outagesMax) },
  ),
};

const hasMagic = (packet: Uint8Array): boolean => {
  for (let at = 0; at < magicBytes.length; at++) if (packet[at] !== magicBytes[at]) return false;
  return true;
};

const refuse = (reason: PacketRefusal, message: string, from = ''): OpenedPacket => ({ ok: false, from, reason, message });

const parse = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(payload)) as unknown;
  } catch {
    return undefined;
  }
};

/** How the JSON of every message of ours opens. */
const opening = /^\{"v":1,"from":"([^"\\]{1,63})","bootId":"([^"\\]{1,64})"/;
const openingBytes = 160;

/** Whose packet this says to be, and of which of its lives, at a glance: nothing of it is checked. */
export const claimOf = (packet: Uint8Array): { readonly from: string; readonly bootId: string } | undefined => {
  if (packet.length <= headBytes || !hasMagic(packet)) return undefined;
  const start = String.fromCharCode(...packet.subarray(headBytes, headBytes + openingBytes));
  const [, from, bootId] = opening.exec(start) ?? [];
  return from === undefined || bootId === undefined ? undefined : { from, bootId };
};

/** Opens one packet: size, form, sender, signature, shape, in this order. Never throws. */
export const openPacket = (packet: Uint8Array, keys: PacketKeys): OpenedPacket => {
  if (packet.length > bytesMaxOfAll) return refuse('TooLarge', `${packet.length} bytes, at most ${bytesMaxOfAll} are allowed`);
  if (packet.length <= headBytes || !hasMagic(packet)) return refuse('NotPacket', 'not a packet of ours');
  const payload = packet.subarray(headBytes);
  const value = parse(payload);
  if (typeof value !== 'object' || value === null) return refuse('NotJson', 'not UTF-8 JSON');
  const { v, kind, from } = value as { v?: unknown; kind?: unknown; from?: unknown };
  const claimed = typeof from === 'string' ? from.slice(0, 63) : '';
  if (typeof v === 'number' && v !== 1)
    return refuse('UnknownVersion', `mesh version ${v}, this side speaks 1; upgrade the older one`, claimed);
  if (typeof kind !== 'string' || !Object.hasOwn(checks, kind)) return refuse('Malformed', 'kind is unknown', claimed);
  const known = kind as MeshMessage['kind'];
  if (packet.length > meshBytesMax[known]) return refuse('TooLarge', `${known}: ${packet.length} bytes are too many`, claimed);
  const key = keys.keyOf(claimed);
  if (key === undefined) return refuse('Stranger', `${claimed} is not in the membership`, claimed);
  if (!keys.verify(key, signedOf(payload), packet.subarray(magic.length, headBytes)))
    return refuse('BadSignature', `not signed by ${claimed}`, claimed);
  const fault = checks[known](value, '');
  return fault === undefined ? { ok: true, message: value as MeshMessage } : refuse('Malformed', `${known}: ${fault}`, claimed);
};
