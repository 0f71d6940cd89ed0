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
  /** True: an HTTP answer of 500 and above is none, as users would see it. False: any answer says that somebody is there. */
  readonly mustServe: boolean;
  readonly timeoutMs: number;
  /** Also ask for what does not exist. */
  readonly withCanary?: boolean;
};

/** What was seen. */
export type Look = { readonly isAnswered: boolean; readonly isWild: boolean; readonly tookMs: number };

/** Looks at the same time; what is beyond counts as no answer, and is not to happen. */
const underWayMax = 256;
let underWay = 0;

/** Certificates are not judged: a gateway with an expired one answers, and whether users accept it is not what is asked. */
const anyCertificate = { rejectUnauthorized: false } as const;

/** The status of a GET; undefined = no answer in time. */
const statusOf = (url: URL, timeoutMs: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const options = { method: 'GET', agent: false as const, headers: { 'user-agent': 'hanse-probe', connection: 'close' } };
    const request = url.protocol === 'https:' ? httpsRequest(url, { ...options, ...anyCertificate }) : httpRequest(url, options);
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs);
    const end = (status: number | undefined): void => {
      clearTimeout(timer);
      resolve(status);
      request.destroy();
    };
    request.on('response', ({ statusCode }) => end(statusCode));
    request.on('error', () => end(undefined));
    request.end();
  });

const isOpened = (open: (onOpen: () => void) => Socket, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const end = (isAnswered: boolean): void => {
      clearTimeout(timer);
      resolve(isAnswered);
      socket.destroy();
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    const socket = open(() => end(true));
    socket.on('error', () => end(false));
  });

const answers = async ({ url: text, mustServe, timeoutMs }: LookAt): Promise<boolean> => {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port);
  if (url.protocol === 'tcp:') return isOpened((onOpen) => tcpConnect({ host, port }, onOpen), timeoutMs);
  if (url.protocol === 'tls:') {
    const servername = /^[\d.]+$|:/.test(host) ? '' : host;
    return isOpened((onOpen) => tlsConnect({ host, port, servername, ...anyCertificate }, onOpen), timeoutMs);
  }
  const status = await statusOf(url, timeoutMs);
  return status !== undefined && (!mustServe || status < 500);
};

/** Whether an HTTP gateway says yes to a path that cannot exist. */
const saysYesToAnything = async ({ url: text, timeoutMs }: LookAt): Promise<boolean> => {
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  url.pathname = `/hanse-${randomBytes(8).toString('hex')}`;
  const status = await statusOf(url, timeoutMs);
  return status !== undefined && status < 300;
};

/** Looks once. Never rejects; a URL that cannot be used is one that does not answer. */
export const lookAt = async (what: LookAt): Promise<Look> => {
  const startMs = performance.now();
  if (underWay >= underWayMax || !URL.canParse(what.url)) return { isAnswered: false, isWild: false, tookMs: 0 };
  underWay += 1;
  try {
    const isAnswered = await answers(what);
    const tookMs = Math.ceil(performance.now() - startMs);
    const isWild = isAnswered && what.withCanary === true && (await saysYesToAnything(what));
    return { isAnswered, isWild, tookMs };
  } catch {
    return { isAnswered: false, isWild: false, tookMs: Math.ceil(performance.now() - startMs) };
  } finally {
    underWay -= 1;
  }
};
