/** @module One look at an address from outside: does a gateway, or an API server, answer within the time? Nothing is sent but a plain request. */
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Socket, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';

/** What to look at. */
export type LookAt = {
  /** `http:`, `https:`, `tcp:` or `tls:` with host and port. */
  readonly url: string;
  /** True: an HTTP answer of 500 and above is none, as users would see it. False: any says that somebody is there, but a proxy's for the dead. */
  readonly mustServe: boolean;
  /** What has no connection by then does not answer. */
  readonly openMs: number;
  /** What has not answered by then does not; from the beginning of the look. */
  readonly answerMs: number;
  /** Also ask for what does not exist. */
  readonly withCanary?: boolean;
};

/**
 * What was seen. `isWild`: what does not exist says yes as well; undefined = it was not asked, or nothing answered. `openedMs`: how long it took
 * until the connection was open; undefined = it never was.
 */
export type Look = {
  readonly isAnswered: boolean;
  readonly isWild: boolean | undefined;
  readonly tookMs: number;
  readonly openedMs: number | undefined;
};

/** Looks at the same time; what is beyond counts as no answer, and is not to happen. */
const underWayMax = 256;
let underWay = 0;

/**
 * Certificates are not judged. A gateway with an expired one answers, and whether users accept it is not what is asked; of an API server the
 * others have no CA, and nothing secret is sent. Who answers in its place can hold a verdict back, no more: so can who drops packets on that way.
 */
const anyCertificate = { rejectUnauthorized: false } as const;

/** The times of one attempt. */
type Timing = Pick<LookAt, 'openMs' | 'answerMs'> & { readonly opened: () => void };

/** Ends what is under way when its time is over; answers what to call at the end of it. */
const timed = ({ openMs, answerMs, opened }: Timing, socket: Socket, end: () => void): (() => void) => {
  const opening = setTimeout(end, Math.min(openMs, answerMs));
  const answering = setTimeout(end, answerMs);
  socket.once('connect', () => {
    clearTimeout(opening);
    opened();
  });
  return () => {
    clearTimeout(opening);
    clearTimeout(answering);
  };
};

/** The status of a GET; undefined = no answer in time. */
const statusOf = (url: URL, timing: Timing): Promise<number | undefined> =>
  new Promise((resolve) => {
    const options = { method: 'GET', agent: false as const, headers: { 'user-agent': 'hanse-probe', connection: 'close' } };
    const request = url.protocol === 'https:' ? httpsRequest(url, { ...options, ...anyCertificate }) : httpRequest(url, options);
    let stopTimers = (): void => undefined;
    const end = (status: number | undefined): void => {
      stopTimers();
      resolve(status);
      request.destroy();
    };
    request.on('socket', (socket) => {
      stopTimers = timed(timing, socket, () => end(undefined));
    });
    request.on('response', ({ statusCode }) => end(statusCode));
    request.on('error', () => end(undefined));
    request.end();
  });

const isOpened = (open: (onOpen: () => void) => Socket, timing: Timing): Promise<boolean> =>
  new Promise((resolve) => {
    const end = (isAnswered: boolean): void => {
      stopTimers();
      resolve(isAnswered);
      socket.destroy();
    };
    const socket = open(() => end(true));
    const stopTimers = timed(timing, socket, () => end(false));
    socket.on('error', () => end(false));
  });

/** Whether a connection opens: TLS needs a handshake as well. */
const isReached = (url: URL, timing: Timing): Promise<boolean> => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port);
  if (url.protocol === 'tcp:') return isOpened((onOpen) => tcpConnect({ host, port }, onOpen), timing);
  const servername = /^[\d.]+$|:/.test(host) ? '' : host;
  return isOpened((onOpen) => tlsConnect({ host, port, servername, ...anyCertificate }, onOpen), timing);
};

const isHttp = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:';

/** What a proxy or a balancer says for a server that does not answer it. */
const onBehalf: ReadonlySet<number> = new Set([502, 503, 504]);

/** An API server that says 401, 403, or 500 because it is not ready, is there, and what runs in the cluster runs on: that is all that is asked. */
const isAnswer = (status: number, mustServe: boolean): boolean => (mustServe ? status < 500 : !onBehalf.has(status));

const answers = async ({ url: text, mustServe, openMs, answerMs }: LookAt, opened: () => void): Promise<boolean> => {
  const url = new URL(text);
  const timing = { openMs, answerMs, opened };
  if (!isHttp(url)) return isReached(url, timing);
  const status = await statusOf(url, timing);
  return status !== undefined && isAnswer(status, mustServe);
};

/** Nobody listens at the discard port (RFC 863): who lets it open is a proxy on the way, which does so for the dead too. */
const discardPort = '9';

/** Whether an HTTP gateway says yes to a path that cannot exist, or the host of another address to a port without a service. */
const saysYesToAnything = async ({ url: text, openMs, answerMs }: LookAt): Promise<boolean> => {
  const url = new URL(text);
  const timing = { openMs, answerMs, opened: () => undefined };
  if (!isHttp(url)) return isReached(new URL(`tcp://${url.hostname}:${discardPort}`), timing);
  url.pathname = `/hanse-${randomBytes(8).toString('hex')}`;
  const status = await statusOf(url, timing);
  return status !== undefined && status < 300;
};

/** Looks once. Never rejects; a URL that cannot be used is one that does not answer. */
export const lookAt = async (what: LookAt): Promise<Look> => {
  const startMs = performance.now();
  const sinceStartMs = (): number => Math.ceil(performance.now() - startMs);
  let openedMs: number | undefined;
  if (underWay >= underWayMax || !URL.canParse(what.url)) return { isAnswered: false, isWild: undefined, tookMs: 0, openedMs };
  underWay += 1;
  try {
    const isAnswered = await answers(what, () => {
      openedMs = sinceStartMs();
    });
    const tookMs = sinceStartMs();
    const isWild = isAnswered && what.withCanary === true ? await saysYesToAnything(what) : undefined;
    return { isAnswered, isWild, tookMs, openedMs };
  } catch {
    return { isAnswered: false, isWild: undefined, tookMs: sinceStartMs(), openedMs };
  } finally {
    underWay -= 1;
  }
};

/** The first look at an address, and one in so many after it, also asks for what does not exist. */
const canaryEvery = 20;

/** A look as detectors want it; `count` is how many there were at this address, this one included. */
export const observe = (
  { url, role }: { readonly url: string; readonly role: 'Gateway' | 'APIServer' },
  limits: Pick<LookAt, 'openMs' | 'answerMs'>,
  count: number,
): Promise<Look> => lookAt({ url, mustServe: role === 'Gateway', ...limits, withCanary: count % canaryEvery === 1 });
