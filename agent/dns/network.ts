/** @module The network that a client's address is of: what one party can draw senders from at will. */

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));

/** The first four groups of an IPv6 address, whatever is left out of its text (RFC 4291 §2.2). */
const headOf = (address: string): number[] => {
  const [left = '', right] = address.split('::');
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  // An IPv4 address at the end stands for two groups.
  const length = before.length + after.length + (after.at(-1)?.includes('.') === true ? 1 : 0);
  const groups = right === undefined ? before : [...before, ...Array.from({ length: Math.max(0, 8 - length) }, () => '0'), ...after];
  return groups.slice(0, 4).map((group) => Number.parseInt(group, 16));
};

/** The network of a sender: 24 bits of IPv4, 56 of IPv6, which is what one customer is given (BIND's `ipv6-prefix-length`). */
export const networkOf = (address: string): string => {
  const mapped = address.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, '');
  if (!mapped.includes(':')) return `${mapped.split('.').slice(0, 3).join('.')}.0/24`;
  const [a = 0, b = 0, c = 0, d = 0] = headOf(mapped);
  return `${[a, b, c, d & 0xff00].map((group) => group.toString(16)).join(':')}::/56`;
};
