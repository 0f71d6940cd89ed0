/**
 * @module Clients of one site: an open loop of requests, half by the names that the name servers answer, half by the EndpointSlices of the
 * site's cluster, each on a connection of its own. Nothing is tried twice and nothing is remembered: each is counted as it went.
 */
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { makeHistory } from './history.ts';
import { answerMsMax, front, type Place, ports, type RequestRecord, requestsPerSecond, type SiteOptions, type Via } from './words.ts';

/** Running clients. */
export type Load = { readonly since: (sinceMs: number) => readonly RequestRecord[]; readonly stop: () => void };

const tickMs = 20;
/** Ten minutes of them are kept. */
const recordsMax = 600 * requestsPerSecond;
/** After this a resolver asks the next name server. */
const resolveMsMax = 400;

/** Resolvers of the site ask its own name server first, then those of the others. */
const resolverOf = ({ site, sites }: SiteOptions): Resolver => {
  const at = sites.findIndex(({ name }) => name === site.name);
  const resolver = new Resolver({ timeout: resolveMsMax, tries: 1 });
  resolver.setServers([...sites.slice(at), ...sites.slice(0, at)].map(({ address }) => `${address}:${ports.dns}`));
  return resolver;
};

/** The body of the answer, '' for any but 200; undefined = none in time. */
const bodyFrom = (host: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const asked = request({ host, port: ports.backend, path: '/', agent: false, headers: { connection: 'close' } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () => end(answer.statusCode === 200 ? body : ''));
    });
    const end = (body: string | undefined): void => {
      clearTimeout(timer);
      resolve(body);
      asked.destroy();
    };
    const timer = setTimeout(() => end(undefined), answerMsMax);
    asked.on('error', () => end(undefined));
    asked.end();
  });

/** Starts them. `addresses`: what the EndpointSlices lead to now. */
export const startLoad = (options: SiteOptions, addresses: () => readonly string[], nowMs: () => number): Load => {
  const resolver = resolverOf(options);
  const records = makeHistory<RequestRecord>(recordsMax, ({ sentMs }) => sentMs);
  const placeOf = new Map<string, Place>(options.sites.map((place) => [place.address, place]));
  const name = `${front.name}.${front.namespace}.${front.zone}`;
  const startedMs = nowMs();
  let sent = 0;

  const addressBy = async (via: Via): Promise<string | undefined> => {
    const found = via === 'slices' ? addresses() : await resolver.resolve4(name).catch(() => []);
    return found[Math.floor(Math.random() * found.length)];
  };
  const send = async (via: Via): Promise<void> => {
    const address = await addressBy(via);
    const sentMs = nowMs();
    const to = placeOf.get(address ?? '')?.name ?? '';
    const body = address === undefined ? undefined : await bodyFrom(address);
    records.add({ sentMs, via, to, outcome: body === undefined ? 'lost' : body === to ? 'ok' : 'wrong' });
  };
  const timer = setInterval(() => {
    const due = Math.floor(((nowMs() - startedMs) * requestsPerSecond) / 1_000);
    for (; sent < due; sent++) void send(sent % 2 === 0 ? 'names' : 'slices');
  }, tickMs);
  return {
    since: (sinceMs) => records.since(sinceMs),
    stop: () => {
      clearInterval(timer);
      resolver.cancel();
    },
  };
};
