/** @module Addresses of the broker, and whether connections to it are encrypted. */

/** Why these cannot be addresses of the broker; undefined = they can. */
export const brokerUrlsFault = (urls: readonly string[]): string | undefined => {
  const wrong = urls.find(
    (url) => !URL.canParse(url) || !['nats:', 'tls:'].includes(new URL(url).protocol) || new URL(url).hostname === '',
  );
  if (wrong !== undefined)
    return `${wrong} is not an address of a NATS server: write it as tls://HOST:PORT, or nats://HOST:PORT without TLS`;
  return new Set(urls.map((url) => new URL(url).protocol)).size > 1
    ? 'all NATS servers must be reached with tls:// or all with nats://'
    : undefined;
};

/** TLS options of a connection: none for `nats://`; a CA of '' = the system's roots. */
export const brokerTls = (urls: readonly string[], caPem: string): { readonly tls?: { readonly ca?: string } } => {
  if (urls.every((url) => url.startsWith('nats://'))) return {};
  return { tls: caPem === '' ? {} : { ca: caPem } };
};
