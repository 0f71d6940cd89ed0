/** @module Turns the API server's answers into values, trusting nothing of their shape. */
import type { WatchEvent } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type StatusDetails, StatusError } from '../../shared/kube/status-error.ts';
import { ApiError } from './api-error.ts';

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Characters of an answer that are shown where it makes no sense. */
const shownMax = 80;

/** How a text begins, for messages. */
const begins = (text: string): string => (text.trim() === '' ? 'nothing' : JSON.stringify(text.trim().slice(0, shownMax)));

/** JSON, or ApiError `Nonsense` that shows how the text begins. */
export const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('Nonsense', `${what} is not JSON: ${begins(text)}`, { cause });
  }
};

/** An object with metadata, or ApiError `Nonsense`. */
export const asObject = (value: unknown, what: string): KubeObject => {
  if (isRecord(value) && isRecord(value.metadata) && typeof value.kind === 'string' && typeof value.apiVersion === 'string') {
    return value as KubeObject;
  }
  throw new ApiError('Nonsense', `${what} is not a Kubernetes object`);
};

/** A list's items with their kind filled in, as API servers leave it out. */
export const asList = (value: unknown, what: string): { items: KubeObject[]; resourceVersion: string; continue?: string } => {
  if (!isRecord(value) || !Array.isArray(value.items ?? []) || !isRecord(value.metadata) || typeof value.kind !== 'string') {
    throw new ApiError('Nonsense', `${what} is not a list`);
  }
  const kind = value.kind.replace(/List$/, '');
  const items = ((value.items ?? []) as unknown[]).map((item) =>
    asObject(isRecord(item) ? { apiVersion: value.apiVersion, kind, ...item } : item, what),
  );
  const next = value.metadata.continue;
  return {
    items,
    resourceVersion: typeof value.metadata.resourceVersion === 'string' ? value.metadata.resourceVersion : '',
    ...(typeof next === 'string' && next !== '' ? { continue: next } : {}),
  };
};

const eventTypes = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/** One line of a watch. */
export const asWatchEvent = (line: string): WatchEvent => {
  const value = parseJson(line, 'a watch event');
  if (!isRecord(value) || typeof value.type !== 'string' || !eventTypes.has(value.type) || !isRecord(value.object)) {
    throw new ApiError('Nonsense', 'a watch event has no type or no object');
  }
  const type = value.type as WatchEvent['type'];
  // A Status inside ERROR may come without metadata.
  if (type === 'ERROR') return { type, object: { metadata: { name: '' }, ...value.object } as KubeObject };
  return { type, object: asObject(value.object, 'the object of a watch event') };
};

/** The error behind an answer with code ≥ 300: a StatusError, or an ApiError `ServerError` when a 5xx carries no Status. */
export const refusalOf = (code: number, text: string): Error => {
  const status = statusIn(text);
  if (status !== undefined) {
    return new StatusError(
      code,
      status.reason ?? reasonByCode[code] ?? 'Unknown',
      status.message ?? `the server answered ${code}`,
      status.details,
    );
  }
  if (code < 400)
    return new ApiError('Nonsense', `the server answered with a redirect (${code}): the address is not that of an API server`);
  const begin = text.trim().slice(0, 120);
  if (code >= 500) return new ApiError('ServerError', `the API server answered ${code}: ${begin === '' ? 'no message' : begin}`);
  return new StatusError(code, reasonByCode[code] ?? 'Unknown', begin === '' ? `the server answered ${code}` : begin);
};

/**
 * Throws what an answer to `GET /readyz` says against the server. A ready one says `ok` (k8s.io/apiserver/pkg/server/healthz); of 4xx but 401 any
 * was said by a server that knows us: who may read its health is not the question.
 */
export const checkReady = (code: number, text: string): void => {
  if (code === 401) throw new StatusError(code, 'Unauthorized', refusedCredential);
  if (code >= 500 || (code >= 300 && code < 400)) throw refusalOf(code, text);
  if (code < 300 && text.trim() !== 'ok')
    throw new ApiError('Nonsense', `what answers there is no API server: to GET /readyz it said ${begins(text)} where one says "ok"`);
};

/**
 * Throws what an answer to `GET /api` says to a client without a credential. To anybody an API server tells its health, but which API it serves
 * only to those that it knows (ClusterRoles `system:public-info-viewer` and `system:discovery`); a proxy on the way may say who asks, as kubectl's.
 */
export const checkAdmitted = (code: number): void => {
  if (code === 401 || code === 403) throw new StatusError(401, 'Unauthorized', missingCredential);
};

const missingCredential = 'the agent has no credential (no token, no client certificate), and the API server lets nobody in without one';

const refusedCredential =
  "it refuses the agent's credential (401 Unauthorized): renew the token or certificate in the kubeconfig, or the agent's ServiceAccount token";

const statusIn = (text: string): { reason?: string; message?: string; details?: StatusDetails } | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.kind !== 'Status') return undefined;
  const { reason, message, details } = value;
  return {
    ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
    ...(typeof message === 'string' && message !== '' ? { message } : {}),
    ...(isRecord(details) ? { details: detailsOf(details) } : {}),
  };
};

const detailsOf = (details: Record<string, unknown>): StatusDetails => ({
  ...(typeof details.name === 'string' ? { name: details.name } : {}),
  ...(typeof details.kind === 'string' ? { kind: details.kind } : {}),
  ...(typeof details.group === 'string' ? { group: details.group } : {}),
  ...(typeof details.retryAfterSeconds === 'number' ? { retryAfterSeconds: details.retryAfterSeconds } : {}),
  causes: (Array.isArray(details.causes) ? details.causes : []).filter(isRecord).map((cause) => ({
    reason: String(cause.reason ?? ''),
    message: String(cause.message ?? ''),
    field: String(cause.field ?? ''),
  })),
});

const reasonByCode: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
};
