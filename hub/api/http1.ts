/** @module What HTTP/1.1 asks of a server beside the app: long request lines, refusals of what cannot be read, bodies that nobody reads. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import { type Status, StatusError } from '../../shared/kube/status-error.ts';

/** Bytes of a request line and headers, as kube-apiserver takes them (net/http `DefaultMaxHeaderBytes`); more answers 431. */
const HEADER_BYTES_MAX = 1024 * 1024;

/** Options of the server; `node:http2` takes them although its types do not name them. */
export const http1Options = { allowHTTP1: true, maxHeaderSize: HEADER_BYTES_MAX } as const;

/** Bytes of a body that are thrown away before the answer goes out; whoever sends more finds the connection closed. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;
/** How long is waited for them. */
const UNREAD_MS_MAX = 10_000;

/**
 * Waits until a body that the app did not read has come: many clients look for no answer before they have sent all, and a connection that
 * closes earlier takes the answer with it.
 */
export const unreadBodyOver = (incoming: IncomingMessage): Promise<void> => {
  if (incoming.complete || incoming.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let bytes = 0;
    const over = (): void => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', over).off('close', over);
      resolve();
    };
    const onData = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes > UNREAD_BYTES_MAX) over();
    };
    const timer = setTimeout(over, UNREAD_MS_MAX);
    incoming.on('data', onData).on('end', over).on('close', over);
  });
};

/** The refusal of a request that cannot be read, by the code of Node's parser. */
const refusalOf = ({ code }: NodeJS.ErrnoException): StatusError => {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new StatusError(431, '', `Request line and headers are too large: limit is ${HEADER_BYTES_MAX}`);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new StatusError(408, 'Timeout', 'the request did not come in time');
  return new StatusError(400, 'BadRequest', 'the request is no HTTP that can be read');
};

const phrases: Readonly<Record<number, string>> = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' };

const asText = (status: Status): string => {
  const body = `${JSON.stringify(status)}\n`;
  const { code = 400 } = status;
  const lines = [`HTTP/1.1 ${code} ${phrases[code] ?? ''}`, 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
  return [...lines, 'Connection: close', '', body].join('\r\n');
};

/** Answers a Status to requests that never reach the app, where Node would answer without a word. */
export const refuseUnreadable = (server: Http2SecureServer): void => {
  const answering = new WeakSet<object>();
  server.on('request', (incoming: { readonly socket: object }, outgoing: { once: ServerResponse['once'] }) => {
    const { socket } = incoming;
    answering.add(socket);
    outgoing.once('close', () => answering.delete(socket));
  });
  server.on('clientError', (error: Error, socket: Socket) => {
    // Nothing may go out in the midst of another answer.
    if (socket.writable && !answering.has(socket)) socket.write(asText(refusalOf(error).status));
    socket.destroySoon();
  });
};
