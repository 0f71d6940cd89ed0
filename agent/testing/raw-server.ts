/** @module An HTTP server that answers whatever a test wants, to play a member's API that talks nonsense or hangs. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterAccess } from '../cluster/index.ts';

/** The server. */
export type RawServer = {
  readonly access: ClusterAccess;
  readonly requests: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  readonly close: () => Promise<void>;
};

/** Starts one on a free loopback port. */
export const rawServer = async (answer: RawServer['answer']): Promise<RawServer> => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    raw.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const raw: RawServer = {
    access: {
      server: `http://127.0.0.1:${port}`,
      skipTlsVerify: false,
      source: 'a test',
      credentials: async () => ({ bearer: 'token' }),
      refused: () => undefined,
    },
    requests,
    answer,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return raw;
};

/** Answers JSON. */
export const json = (response: ServerResponse, code: number, body: unknown): void => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
