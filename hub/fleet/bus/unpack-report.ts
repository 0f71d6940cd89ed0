/** @module From what an agent published to the bytes of a report. A small message that would unpack to a large one is cut off in time. */
import { inflateRawSync } from 'node:zlib';
import { bytesMax } from '../../../shared/wire/limits.ts';

/** The bytes, or why there are none. */
export type Unpacked =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'TooLarge' | 'Malformed'; readonly message: string };

const tooLarge = (what: string, limit: number): Unpacked => ({
  ok: false,
  reason: 'TooLarge',
  message: `report: ${what}, at most ${limit} are allowed`,
});

/** Undoes the agent's packing: first byte 0 = as it is, 1 = deflated (RFC 1951). Never throws. */
export const unpackReport = (packed: Uint8Array): Unpacked => {
  if (packed.length > bytesMax.reportPacked) return tooLarge(`${packed.length} packed bytes`, bytesMax.reportPacked);
  const body = packed.subarray(1);
  if (packed[0] === 0) return { ok: true, bytes: body };
  if (packed[0] !== 1)
    return { ok: false, reason: 'Malformed', message: `report: packed in an unknown way ${packed[0] ?? '(it is empty)'}` };
  try {
    return { ok: true, bytes: inflateRawSync(body, { maxOutputLength: bytesMax.report }) };
  } catch (error) {
    const isBomb = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (isBomb) return tooLarge(`unpacks to more bytes than ${bytesMax.report}`, bytesMax.report);
    return { ok: false, reason: 'Malformed', message: 'report: the packed bytes cannot be unpacked' };
  }
};
