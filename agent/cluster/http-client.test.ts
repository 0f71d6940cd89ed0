/** @module What the client makes of a member's API that hangs, lies, floods or refuses. */
import { afterEach, describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../shared/kube/client/port.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { json, type RawServer, rawServer } from '../testing/raw-server.ts';
import type { Credentials } from './access.ts';
import { failureOf } from './api-error.ts';
import { type HttpClientOptions, httpClient, type MemberApi } from './http-client.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const connect = async (
  answer: RawServer['answer'],
  options: HttpClientOptions = {},
  credentials: Credentials = { bearer: 'token' },
): Promise<{ api: MemberApi; server: RawServer }> => {
  const server = await rawServer(answer);
  const api = httpClient(
    { ...server.access, credentials: async () => credentials },
    { callTimeoutMs: 300, probeTimeoutMs: 300, ...options },
  );
  closers.push(server.close, api.close);
  return { api, server };
};

const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const a = { ...pods, namespace: 'shop', name: 'a' };
const status = (code: number, reason: string, details: object = {}) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  code,
  reason,
  message: `${reason}!`,
  details,
});
const codeOf = async (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'fine',
    (error: unknown) => failureOf(error).reason,
  );

describe('a member API that misbehaves', () => {
  const cases: readonly [rule: string, answer: RawServer['answer'], reason: string][] = [
    ['hangs before the answer', () => undefined, 'Timeout'],
    [
      'hangs within the answer',
      (_request, response) => {
        response.writeHead(200);
        response.write('{"kind":');
      },
      'Timeout',
    ],
    [
      'breaks the connection off',
      (request) => {
        request.socket.destroy();
      },
      'Unreachable',
    ],
    [
      'answers HTML',
      (_request, response) => {
        response.end('<html>login</html>');
      },
      'Nonsense',
    ],
    [
      'answers JSON that is no object',
      (_request, response) => {
        json(response, 200, [1, 2]);
      },
      'Nonsense',
    ],
    [
      'answers an object without metadata',
      (_request, response) => {
        json(response, 200, { kind: 'Pod', apiVersion: 'v1' });
      },
      'Nonsense',
    ],
    [
      'answers a redirect',
      (_request, response) => {
        response.writeHead(302, { location: 'https://login.example' });
        response.end();
      },
      'Nonsense',
    ],
    [
      'answers a proxy error',
      (_request, response) => {
        response.writeHead(502);
        response.end('bad gateway');
      },
      'ServerError',
    ],
    [
      'answers no HTTP',
      (request) => {
        request.socket.end('SSH-2.0-OpenSSH\r\n');
      },
      'Nonsense',
    ],
  ];
  test.each(cases)('that %s is told by name', async (_rule, answer, reason) => {
    const { api } = await connect(answer);
    expect(await codeOf(api.get(a))).toBe(reason);
  });

  test('an endless answer is cut off', async () => {
    const { api } = await connect(
      (_request, response) => {
        response.on('error', () => undefined);
        const chunk = 'x'.repeat(1 << 20);
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      },
      { callTimeoutMs: 10_000 },
    );
    expect(await codeOf(api.get(a))).toBe('TooLarge');
  });

  test('after enough failures calls are refused at once, and the server is tried again later', async () => {
    const { api, server } = await connect(
      (_request, response) => {
        response.writeHead(503);
        response.end();
      },
      { breaker: { volumeThreshold: 5, retryAfterMs: 100 } },
    );
    for (let call = 0; call < 5; call++) await codeOf(api.get(a));
    const before = server.requests.length;
    expect(await codeOf(api.get(a))).toBe('BreakerOpen');
    expect(server.requests.length).toBe(before);
    server.answer = (_request, response) => json(response, 200, { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' } });
    await expect.poll(() => codeOf(api.get(a)), { timeout: 5_000 }).toBe('fine');
  });

  test('refusals do not open the breaker', async () => {
    const { api } = await connect((_request, response) => json(response, 403, status(403, 'Forbidden')), {
      breaker: { volumeThreshold: 3 },
    });
    for (let call = 0; call < 10; call++) expect(await codeOf(api.get(a))).toBe('Forbidden');
  });

  test('the probe goes past an open breaker', async () => {
    const { api, server } = await connect(
      (_request, response) => {
        response.writeHead(500);
        response.end();
      },
      { breaker: { volumeThreshold: 2, retryAfterMs: 60_000 } },
    );
    for (let call = 0; call < 3; call++) await codeOf(api.get(a));
    server.answer = (_request, response) => {
      response.end('ok');
    };
    await expect(api.probe()).resolves.toBeUndefined();
  });

  test('a server that does not know us does not serve us; one that forbids us to read its health does', async () => {
    const { api, server } = await connect((_request, response) => json(response, 401, status(401, 'Unauthorized')));
    await expect(api.probe()).rejects.toMatchObject({ reason: 'Unauthorized', message: expect.stringContaining('renew the token') });
    server.answer = (_request, response) => json(response, 403, status(403, 'Forbidden'));
    await expect(api.probe()).resolves.toBeUndefined();
  });

  test.each<[string, Credentials, number, string]>([
    ['anonymous requests are forbidden', {}, 403, 'Unauthorized'],
    ['anonymous requests are not let in', { bearer: '' }, 401, 'Unauthorized'],
    ['a proxy on the way says who asks', {}, 200, 'fine'],
    ['it has a token and may not read what is served', { bearer: 'token' }, 403, 'fine'],
  ])('a server that tells everybody that it is ready knows the agent or not: %s', async (_, credentials, code, told) => {
    const { api } = await connect(
      (request, response) => {
        if (request.url === '/readyz') response.end('ok');
        else json(response, code, status(code, 'Forbidden'));
      },
      {},
      credentials,
    );
    expect(await codeOf(api.probe())).toBe(told);
  });

  test.each([
    ['a page', 200, '<html><body>It works!</body></html>', /no API server.*said "<html>.*It works!/],
    ['nothing', 200, '', /no API server.*said nothing/],
    ['JSON of its own', 200, '{"status":"ok"}', /no API server.*said "{\\"status/],
    ['an object', 200, JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' } }), /no API server/],
    ['a way to somewhere else', 302, '', /redirect \(302\)/],
  ])('a server that answers %s to the question whether it is ready is no API server', async (_, code, text, message) => {
    const { api } = await connect((_request, response) => {
      response.writeHead(code);
      response.end(text);
    });
    await expect(api.probe()).rejects.toMatchObject({ code: 'Nonsense', message: expect.stringMatching(message) });
  });
});

describe('refusals', () => {
  test('a missing object is undefined, a missing resource is an error', async () => {
    const { api, server } = await connect((_request, response) =>
      json(response, 404, status(404, 'NotFound', { name: 'a', kind: 'pods' })),
    );
    expect(await api.get(a)).toBeUndefined();
    server.answer = (_request, response) => {
      response.writeHead(404);
      response.end('404 page not found');
    };
    await expect(api.get(a)).rejects.toThrow(StatusError);
  });

  test('field conflicts of an apply keep their causes', async () => {
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl"', field: '.spec.replicas' }];
    const { api } = await connect((_request, response) => json(response, 409, status(409, 'Conflict', { causes })));
    const error: unknown = await api
      .patch(a, 'application/apply-patch+yaml', {}, { fieldManager: 'hanse' })
      .catch((thrown: unknown) => thrown);
    expect(failureOf(error).causes).toEqual(causes);
  });
});

describe('a watch', () => {
  const lines =
    (...events: readonly unknown[]): RawServer['answer'] =>
    (_request, response) => {
      response.writeHead(200);
      for (const event of events) response.write(typeof event === 'string' ? event : `${JSON.stringify(event)}\n`);
      response.end();
    };
  const read = async (api: MemberApi): Promise<WatchEvent[]> => {
    const events: WatchEvent[] = [];
    for await (const event of api.watch(pods, { resourceVersion: '1', allowWatchBookmarks: true, signal: new AbortController().signal }))
      events.push(event);
    return events;
  };
  const pod = (name: string) => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name } });

  test('gives events line by line, however they are cut', async () => {
    const text = `${JSON.stringify({ type: 'ADDED', object: pod('ä') })}\n`;
    const { api, server } = await connect((_request, response) => {
      response.writeHead(200);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
      response.end();
    });
    expect((await read(api)).map(({ object }) => object.metadata.name)).toEqual(['ä']);
    expect(server.requests[0]).toBe('GET /api/v1/pods?resourceVersion=1&allowWatchBookmarks=true&watch=true');
  });

  test('ends with an ERROR event', async () => {
    const { api } = await connect(lines({ type: 'ERROR', object: status(410, 'Expired') }, { type: 'ADDED', object: pod('late') }));
    expect((await read(api)).map(({ type }) => type)).toEqual(['ERROR']);
  });

  test.each([
    ['a line that is no JSON', 'nonsense\n', 'Nonsense'],
    ['an event without an object', '{"type":"ADDED"}\n', 'Nonsense'],
    ['an unknown type', '{"type":"EXPLODED","object":{"kind":"Pod","apiVersion":"v1","metadata":{}}}\n', 'Nonsense'],
    ['a line without an end', 'x'.repeat(9 << 20), 'TooLarge'],
  ])('rejects %s', async (_what, line, reason) => {
    const { api } = await connect(lines(line), { callTimeoutMs: 5_000 });
    expect(await codeOf(read(api))).toBe(reason);
  });

  test('that falls silent is cut', async () => {
    const { api } = await connect(
      (_request, response) => {
        response.writeHead(200);
        response.write(`${JSON.stringify({ type: 'ADDED', object: pod('a') })}\n`);
      },
      { watchSilenceMs: 200 },
    );
    expect(await codeOf(read(api))).toBe('Timeout');
  });

  test('stops when it is told to', async () => {
    const { api } = await connect((_request, response) => {
      response.writeHead(200);
      response.write('\n');
    });
    const stop = new AbortController();
    const events = api.watch(pods, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = events.next().catch(() => ({ done: true }));
    stop.abort();
    expect((await next).done).toBe(true);
  });
});
