/** @module Which texts are IP addresses (RFC 4291 §2.2, RFC 5952; no leading zeros in IPv4). */
import { type Fault, invalid } from '../../names/index.ts';

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
};

/** Number of 16-bit groups in one side of `::`; undefined when it is malformed. */
const groupsOf = (side: string): number | undefined => {
  if (side === '') return 0;
  const parts = side.split(':');
  const last = parts.at(-1) ?? '';
  const endsInIpv4 = last.includes('.');
  const groups = endsInIpv4 ? parts.slice(0, -1) : parts;
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) || (endsInIpv4 && !isIpv4(last))) return undefined;
  return groups.length + (endsInIpv4 ? 2 : 0);
};

/** True for an IPv6 address without a zone. */
export const isIpv6 = (text: string): boolean => {
  const sides = text.split('::');
  if (sides.length > 2) return false;
  const counts = sides.map(groupsOf);
  if (counts.includes(undefined)) return false;
  const sum = counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  return sides.length === 2 ? sum < 8 : sum === 8;
};

/** True for an IPv4 or IPv6 address. */
export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text);

/** A fault when the text is no IP address. */
export const ipFaults = (text: string, field: string): Fault[] =>
  isIp(text) ? [] : [invalid(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];

/** An address as a number of `bits` bits. */
type Address = { readonly bits: 32 | 128; readonly value: bigint };

const addressOf = (text: string): Address | undefined => {
  if (isIpv4(text)) return { bits: 32, value: text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
  if (!isIpv6(text)) return undefined;
  const [head = '', tail] = text.split('::').map((side) => (side === '' ? [] : side.split(':').flatMap(groupsIn)));
  const [left, right] = [[...head], [...(tail ?? [])]];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return { bits: 128, value: [...left, ...zeros, ...right].reduce((sum: bigint, group) => sum * 65_536n + BigInt(group), 0n) };
};

/** A part of an IPv6 address as 16-bit groups; the last part may be written as IPv4. */
const groupsIn = (part: string): number[] => {
  if (!part.includes('.')) return [Number.parseInt(part, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
};

/** The first and the one after the last address of a CIDR block; undefined when it is none. */
const rangeOf = (cidr: string): { readonly bits: number; readonly prefix: number; readonly first: bigint } | undefined => {
  const [text = '', length = '', ...rest] = cidr.split('/');
  const address = addressOf(text);
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > address.bits) return undefined;
  const free = BigInt(address.bits - Number(length));
  return { bits: address.bits, prefix: Number(length), first: (address.value >> free) << free };
};

/** A fault when the text is no CIDR block. */
export const cidrFaults = (text: string, field: string): Fault[] =>
  rangeOf(text) === undefined ? [invalid(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')] : [];

/** True when `inner` is a block inside the block `outer`, and smaller. */
export const containsCidr = (outer: string, inner: string): boolean => {
  const [around, within] = [rangeOf(outer), rangeOf(inner)];
  if (around === undefined || within === undefined || around.bits !== within.bits || around.prefix >= within.prefix) return false;
  const free = BigInt(around.bits - around.prefix);
  return within.first >> free === around.first >> free;
};

const specialRanges: readonly { readonly text: string; readonly blocks: readonly string[] }[] = [
  { text: 'may not be in the loopback range (127.0.0.0/8, ::1/128)', blocks: ['127.0.0.0/8', '::1/128'] },
  { text: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)', blocks: ['169.254.0.0/16', 'fe80::/10'] },
  { text: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', blocks: ['224.0.0.0/24', 'ff02::/16'] },
];

/** Faults of an address that no endpoint can have: unspecified, loopback, link-local. */
export const specialIpFaults = (text: string, field: string): Fault[] => {
  const address = addressOf(text);
  if (address === undefined) return [];
  const isIn = (block: string): boolean => {
    const range = rangeOf(block);
    if (range === undefined || range.bits !== address.bits) return false;
    const free = BigInt(range.bits - range.prefix);
    return address.value >> free === range.first >> free;
  };
  const faults = address.value === 0n ? [invalid(field, text, `may not be unspecified (${text})`)] : [];
  return [...faults, ...specialRanges.filter(({ blocks }) => blocks.some(isIn)).map((range) => invalid(field, text, range.text))];
};
