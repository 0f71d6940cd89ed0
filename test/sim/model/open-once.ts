/**
 * @module Opens the packets of the simulation. Each is one array of bytes that nobody changes, on its way to many: it is read, and its signature
 * and shape are checked, for the first who hears it. The others are given what came out of it, if they know the sender by the same key.
 */
import type { MeshMessage } from '../../../shared/wire/mesh.ts';
import { type OpenedPacket, openPacket } from '../../../shared/wire/mesh-packet.ts';

type Known = { readonly key: string; readonly opened: Extract<OpenedPacket, { ok: true }>; readonly from: MeshMessage['from'] };

/** Packets remembered at least; the last twice as many at most. */
const generationMax = 1_000;

/** An opener for all processes of one run. */
export const openerOf = (): typeof openPacket => {
  let young = new Map<Uint8Array, Known>();
  let old = new Map<Uint8Array, Known>();
  return (packet, keys) => {
    const known = young.get(packet) ?? old.get(packet);
    if (known !== undefined && keys.keyOf(known.from) === known.key) return known.opened;
    const opened = openPacket(packet, keys);
    if (!opened.ok) return opened;
    const { from } = opened.message;
    const key = keys.keyOf(from);
    if (key === undefined) return opened;
    if (young.size >= generationMax) [old, young] = [young, new Map()];
    young.set(packet, { key, opened, from });
    return opened;
  };
};
