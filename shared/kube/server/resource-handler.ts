/** @module The HTTP side of resources: user, permission, body, verb, answer, audit. */
import { type Body, type Call, EMPTY_BODY } from './call.ts';
import type { ServerContext } from './context.ts';
import { mediaTypeOf } from './decode.ts';
import { dispatch } from './dispatch.ts';
import { badRequest, methodNotAllowed, noSuchResource, tooLarge, unauthorized } from './errors.ts';
import { forbiddenBy } from './forbidden.ts';
import { ANSWER_TYPES, type Form, formOf, plainForm, STREAM_TYPES } from './negotiate.ts';
import { ADMIN, type ApiServerOptions, type AuditEvent, type Peer, type UserInfo } from './options.ts';
import { refusedOf } from './refused.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { refusalResponse, respond } from './respond.ts';

/** What one request brings along. */
type Request1 = { readonly raw: Request; readonly url: URL; readonly peer: Peer; readonly requestId: string };

const WRITES: readonly string[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** Answers any request whose path begins with `/api/` or `/apis/`. */
export const resourceHandler = (server: ServerContext, options: ApiServerOptions) => {
  return async (raw: Request, peer: Peer): Promise<Response> => {
    const url = new URL(raw.url);
    const request: Request1 = { raw, url, peer, requestId: server.env.uuid() };
    const info = requestInfo(raw.method, url.pathname, url.searchParams);
    const receivedMs = server.env.nowMs();
    let user: UserInfo = UNKNOWN;
    const userAgent = raw.headers.get('User-Agent') ?? '';
    let form = plainForm(url.searchParams, userAgent);
    const warnings: string[] = [];
    let code = 0;
    let reason = '';
    try {
      user = await userOf(options, raw.headers, peer);
      form = formOf(raw.headers.get('Accept') ?? '', url.searchParams, userAgent, representationsOf(info.verb));
      const response = await answer(server, options, request, info, user, form, warnings);
      code = response.status;
      return withWarnings(response, warnings, request.requestId);
    } catch (error) {
      const refusal = refusedOf(error, server.env.log, { path: url.pathname, verb: info.verb });
      code = refusal.code;
      reason = refusal.reason ?? '';
      return withWarnings(refusalResponse(refusal, form), warnings, request.requestId);
    } finally {
      if (options.audit !== undefined && WRITES.includes(info.verb)) {
        options.audit(auditEvent(request, info, user, { receivedMs, tookMs: server.env.nowMs() - receivedMs, code, reason }));
      }
    }
  };
};

const representationsOf = (verb: string): readonly string[] =>
  verb === 'list' || verb === 'watch' ? [...ANSWER_TYPES, ...STREAM_TYPES] : ANSWER_TYPES;

/** Who is written into the audit log when a request was refused before its user was known. */
const UNKNOWN: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Who asks; throws 401. */
export const userOf = async (options: ApiServerOptions, headers: Headers, peer: Peer): Promise<UserInfo> => {
  if (options.authenticate === undefined) return ADMIN;
  const user = await options.authenticate(headers, peer);
  if (user === undefined) throw unauthorized();
  return user;
};

const answer = async (
  server: ServerContext,
  options: ApiServerOptions,
  request: Request1,
  info: RequestInfo,
  user: UserInfo,
  form: Form,
  warnings: string[],
): Promise<Response> => {
  if (!info.isResource) throw noSuchResource();
  if (options.authorize !== undefined) {
    const decision = await options.authorize({ ...info, user });
    if (!decision.allowed) throw forbiddenBy({ ...info, user }, decision.reason);
  }
  const type = server.registry.get(info.group, info.version, info.resource);
  if (type === undefined || (!type.namespaced && info.namespace !== '')) throw noSuchResource();
  if (request.raw.method === 'HEAD' || (info.verb === request.raw.method.toLowerCase() && !['get', 'patch', 'delete'].includes(info.verb)))
    throw methodNotAllowed();
  const { raw, url } = request;
  const body = readable(options, await bodyOf(raw, server.limits.requestBytesMax));
  const call: Call = {
    user,
    userAgent: raw.headers.get('User-Agent') ?? '',
    type,
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    query: url.searchParams,
    warn: (text) => {
      if (!warnings.includes(text)) warnings.push(text);
    },
  };
  if (type.deprecation !== undefined) call.warn(type.deprecation);
  const result = await dispatch(server, info.verb, call, body);
  return respond(server, result, { form, query: url.searchParams, cutOff: () => request.peer.destroy?.() });
};

/** The body, within the limit; throws 413. */
const bodyOf = async (raw: Request, limitBytes: number): Promise<Body> => {
  if (raw.method === 'GET' || raw.method === 'HEAD') return EMPTY_BODY;
  const announced = raw.headers.get('Content-Length');
  if (announced !== null && Number(announced) > limitBytes) throw tooLarge(limitBytes);
  // No transport delivers more than was announced, and read at once a body needs no stream, which costs more than the reading.
  const bytes = announced === null ? await readUpTo(raw, limitBytes) : new Uint8Array(await raw.arrayBuffer());
  return { kind: 'bytes', contentType: raw.headers.get('Content-Type') ?? '', bytes };
};

/**
 * Bytes beyond the limit that are thrown away of a body that did not announce its length: who leaves off reading breaks the connection, and
 * the refusal does not arrive.
 */
const OVERSIZE_BYTES_MAX = 64 * 1024 * 1024;

const readUpTo = async (raw: Request, limitBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of (raw.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    total += chunk.length;
    if (total <= limitBytes) chunks.push(chunk);
    else if (total <= limitBytes + OVERSIZE_BYTES_MAX) chunks.length = 0;
    else break;
  }
  if (total > limitBytes) throw tooLarge(limitBytes);
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
};

/** A protobuf body becomes the value it stands for; all else stays as it is. Throws 400. */
const readable = (options: ApiServerOptions, body: Body): Body => {
  if (body.kind !== 'bytes' || options.decodeProtobuf === undefined || mediaTypeOf(body.contentType) !== PROTOBUF) return body;
  const read = options.decodeProtobuf(body.bytes);
  if (!read.ok) throw badRequest(read.message);
  return { kind: 'value', contentType: 'application/json', value: read.value };
};

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Bytes of all warnings of an answer; more are left out, so that headers stay within what clients take. */
const WARNING_BYTES_MAX = 4_096;

const withWarnings = (response: Response, warnings: readonly string[], requestId: string): Response => {
  response.headers.set('Audit-Id', requestId);
  let bytes = 0;
  for (const text of warnings) {
    bytes += text.length;
    if (bytes > WARNING_BYTES_MAX) break;
    response.headers.append('Warning', `299 - "${headerText(text)}"`);
  }
  return response;
};

/** RFC 9110 quoted-string: quotes and backslashes escaped, nothing but printable ASCII. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');

const auditEvent = (
  request: Request1,
  info: RequestInfo,
  user: UserInfo,
  outcome: Pick<AuditEvent, 'receivedMs' | 'tookMs' | 'code' | 'reason'>,
): AuditEvent => {
  const { isResource: _, ...rest } = info;
  return {
    requestId: request.requestId,
    user,
    ...rest,
    dryRun: request.url.searchParams.has('dryRun'),
    userAgent: request.raw.headers.get('User-Agent') ?? '',
    remoteAddress: request.peer.remoteAddress ?? '',
    ...outcome,
  };
};
