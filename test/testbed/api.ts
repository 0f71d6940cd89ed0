/** @module A small HTTPS client of one API server: a request in, status and decoded body out. Deliberately not a Kubernetes client. */
import { Agent, request } from 'undici';

/** A decoded JSON answer; text that is not JSON arrives as a string. */
export type ApiAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
};

/** What a request may carry. `body` is sent as JSON unless it is a string or bytes. */
export type ApiRequest = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>>; readonly timeoutMs?: number };

/** Sends one request to `path` (which starts with `/`), authenticated. Rejects only when no answer comes. */
export type ApiCall = (method: string, path: string, request?: ApiRequest) => Promise<ApiAnswer>;

const timeoutMsDefault = 30_000;

const encode = (body: unknown): string | Buffer | null => {
  if (body === undefined) return null;
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body;
  return JSON.stringify(body);
};

const decode = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** A client for `server` (an origin such as `https://127.0.0.1:6443`), trusting `ca` (PEM) and sending `token`; `close` drops its connections. */
export const apiClient = (server: string, ca: string, token: string): { call: ApiCall; close(): Promise<void> } => {
  const agent = new Agent({ connect: { ca }, connections: 16 });
  return {
    call: async (method, path, { body, headers = {}, timeoutMs = timeoutMsDefault } = {}) => {
      const answer = await request(`${server}${path}`, {
        method,
        dispatcher: agent,
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json', ...headers },
        body: encode(body),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      return { status: answer.statusCode, headers: answer.headers, body: decode(await answer.body.text()) };
    },
    close: () => agent.destroy(),
  };
};
