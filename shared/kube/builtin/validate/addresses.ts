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
