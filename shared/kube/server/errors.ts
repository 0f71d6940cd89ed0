/** @module The refusals of the API server, in the words that kubectl and client-go know. */
import type { ResourceType } from '../resource.ts';
import { type StatusCause, StatusError } from '../status-error.ts';

/** `deployments.apps`, or `configmaps` for core. */
export const qualifiedResource = (type: Pick<ResourceType, 'group' | 'resource'>): string =>
  type.group === '' ? type.resource : `${type.resource}.${type.group}`;

/** `Deployment.apps`, or `ConfigMap` for core. */
export const qualifiedKind = (type: Pick<ResourceType, 'group' | 'kind'>): string =>
  type.group === '' ? type.kind : `${type.kind}.${type.group}`;

const detailsOf = (type: Pick<ResourceType, 'group' | 'resource'>, name: string) => ({
  ...(name === '' ? {} : { name }),
  ...(type.group === '' ? {} : { group: type.group }),
  kind: type.resource,
});

/** 404 of one object. */
export const notFound = (type: Pick<ResourceType, 'group' | 'resource'>, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualifiedResource(type)} "${name}" not found`, detailsOf(type, name));

/** 404 of a path or a resource nobody serves. */
export const noSuchResource = (): StatusError => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

/** 404 of a path below which there is nothing; it goes out as plain text. */
export class NoSuchPathError extends StatusError {
  constructor() {
    super(404, 'NotFound', 'the server could not find the requested resource', {});
  }
}

/** 404 of a path below which there is nothing. */
export const noSuchPath = (): StatusError => new NoSuchPathError();

/** 409 of a create; `deleting` when the old object still waits for its finalizers. */
export const alreadyExists = (type: ResourceType, name: string, deleting = false): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${deleting ? 'object is being deleted: ' : ''}${qualifiedResource(type)} "${name}" already exists`,
    detailsOf(type, name),
  );

/** 409 of an update whose resourceVersion is old. */
export const conflict = (type: ResourceType, name: string, why = STALE): StatusError =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualifiedResource(type)} "${name}": ${why}`, detailsOf(type, name));

const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

/** 409 of a deletion whose preconditions do not hold. */
export const preconditionFailed = (type: ResourceType, name: string, why: string): StatusError =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualifiedKind(type)} "${name}": ${why}`, {
    name,
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.kind,
  });

/** 422 with a cause a field; the same fault is told once. */
export const invalid = (kind: { group: string; kind: string }, name: string, causes: readonly StatusCause[]): StatusError => {
  const texts = [...new Set(causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))];
  const summary = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${qualifiedKind(kind)} "${name}" is invalid: ${summary}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(kind.kind === '' ? {} : { kind: kind.kind }),
    causes: [...causes],
  });
};

/** 422 of query options; kubectl prints it as `The ListOptions "" is invalid`. */
export const invalidOptions = (kind: string, causes: readonly StatusCause[], group = ''): StatusError =>
  invalid({ group, kind }, '', causes);

/** 500 of a fault that is the client's, where real servers give no better code. */
export const serverError = (message: string): StatusError => new StatusError(500, '', message);

/** 400. */
export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

/** 403 of admission or of a rule of the kind: `namespaces "default" is forbidden: …`. */
export const forbidden = (
  type: Pick<ResourceType, 'group' | 'resource'>,
  name: string,
  why: string,
  causes?: StatusCause[],
): StatusError => {
  const subject = name === '' ? qualifiedResource(type) : `${qualifiedResource(type)} "${name}"`;
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, {
    ...detailsOf(type, name),
    ...(causes === undefined ? {} : { causes }),
  });
};

/** 401. */
export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized');

/** 405. */
export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** 406 of an answer that cannot take the form asked for: the media types it can. */
export const notAcceptable = (accepted: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

/** 406 of a path none of whose media types the client takes. */
export const noRepresentation = (available: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`, {});

/** 406 of a form that fits only a list, or only one object. */
export const notOfForm = (message: string): StatusError => new StatusError(406, 'NotAcceptable', message);

/** 415 of a request body. */
export const unsupportedBody = (accepted: readonly string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** 415 of a patch; real servers say no more than this. */
export const unsupportedPatch = (): StatusError => new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

/** 413. */
export const tooLarge = (limitBytes: number): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);

/** 429: the object is written by too many at once. */
export const tooManyWriters = (waitingMax: number): StatusError =>
  new StatusError(429, 'TooManyRequests', `${waitingMax} writers wait for this object already; try again`, { retryAfterSeconds: 1 });

/** 410: entries since `from` are gone. */
export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);

/** 504: a resourceVersion from the future that did not come in time. */
export const versionTooLarge = (asked: number, current: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** 500 that does not tell the outside what broke; the cause goes to the log. */
export const internalError = (cause: unknown): StatusError =>
  new StatusError(
    500,
    'InternalError',
    'Internal error occurred: the server could not finish the request; see its log',
    {
      causes: [{ message: 'the server could not finish the request; see its log' }],
    },
    { cause },
  );

/** 500 of a write that the journal cannot tell about. */
export const writeUnknown = (cause: unknown): StatusError =>
  new StatusError(500, 'InternalError', 'Internal error occurred: the write may or may not have happened; read again', {}, { cause });
