/** @module Where others may look at this member's API server, from how its agent reaches it. Pure. */

/** Names that mean something else, or nothing, outside the cluster. */
const isInside = (host: string): boolean =>
  host === 'kubernetes' || host.startsWith('kubernetes.default') || /\.(svc|cluster\.local)$/.test(host);

const unspecified = new Set(['0.0.0.0', '[::]']);

/**
 * `https://host:port` (or `http`) of a kubeconfig's server; undefined where it says nothing of this one cluster to others: a name that is resolved within the
 * cluster alone, no address at all, or a path, behind which a proxy answers for clusters that are dead.
 */
export const outsideAddressOf = (server: string): string | undefined => {
  if (!URL.canParse(server)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(server);
  if (hostname === '' || pathname !== '/' || unspecified.has(hostname) || isInside(hostname)) return undefined;
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  return `${protocol}//${hostname}:${port === '' ? (protocol === 'http:' ? 80 : 443) : port}`;
};
