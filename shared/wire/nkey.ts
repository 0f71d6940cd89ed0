/** @module The text form of NATS keys: base32 of prefix, key bytes and CRC-16 (nats-io/nkeys, README "Encoding"). */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What a key names; the first letter of its text form. */
export type NkeyRole = 'operator' | 'account' | 'user';

const prefixOf: Readonly<Record<NkeyRole, number>> = { operator: 14 << 3, account: 0, user: 20 << 3 };
const seedPrefix = 18 << 3;
const keyBytes = 32;

/** CRC-16/XMODEM. */
const crc16 = (bytes: Uint8Array): number => {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
};

/** RFC 4648 base32, upper case, no padding. */
export const base32 = (bytes: Uint8Array): string => {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) out += alphabet[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? out : out + alphabet[(held << (5 - bits)) & 31];
};

const fromBase32 = (text: string): Uint8Array | undefined => {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >>> bits) & 0xff;
      held &= (1 << bits) - 1;
    }
  }
  return out;
};

const withCrc = (body: Uint8Array): Uint8Array => {
  const crc = crc16(body);
  return Uint8Array.from([...body, crc & 0xff, crc >>> 8]);
};

const checked = (text: string, length: number): Uint8Array | undefined => {
  if (text.length !== Math.ceil(((length + 2) * 8) / 5)) return undefined;
  const raw = fromBase32(text);
  if (raw === undefined || raw.length !== length + 2) return undefined;
  const body = raw.subarray(0, length);
  const crc = crc16(body);
  return raw[length] === (crc & 0xff) && raw[length + 1] === crc >>> 8 ? body : undefined;
};

/** The text of a public key (32 raw Ed25519 bytes): `O…`, `A…` or `U…`. */
export const encodePublicKey = (role: NkeyRole, raw: Uint8Array): string => base32(withCrc(Uint8Array.from([prefixOf[role], ...raw])));

/** The 32 raw bytes of a public key of this role; undefined when the text is not one. */
export const decodePublicKey = (role: NkeyRole, text: string): Uint8Array | undefined => {
  const body = checked(text, keyBytes + 1);
  return body !== undefined && body[0] === prefixOf[role] ? body.slice(1) : undefined;
};

/** The text of a seed (32 raw Ed25519 bytes): `SO…`, `SA…` or `SU…`. */
export const encodeSeed = (role: NkeyRole, raw: Uint8Array): string => {
  const prefix = prefixOf[role];
  return base32(withCrc(Uint8Array.from([seedPrefix | (prefix >>> 5), (prefix & 31) << 3, ...raw])));
};

/** The 32 raw bytes of a seed of this role; undefined when the text is not one. */
export const decodeSeed = (role: NkeyRole, text: string): Uint8Array | undefined => {
  const body = checked(text, keyBytes + 2);
  if (body === undefined) return undefined;
  const prefix = prefixOf[role];
  return body[0] === (seedPrefix | (prefix >>> 5)) && body[1] === (prefix & 31) << 3 ? body.slice(2) : undefined;
};
