/** @module Request bodies become objects of the kind that the URL names: media type, apiVersion and kind, known fields, defaults. */
import { apiVersionOf, type KubeObject, parseApiVersion } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { type ConformReader, type DefaultStage, isObject, jsonWord, parseStrict } from '../schema/index.ts';
import type { Body, Call } from './call.ts';
import type { ServerContext } from './context.ts';
import { badRequest, unsupportedBody } from './errors.ts';
import { defaulted, readAs } from './machinery.ts';
import type { FieldValidation } from './options-query.ts';

/** Media types of request bodies. */
export const BODY_TYPES: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** A parsed body; `faults` are texts such as `duplicate field "metadata.name"`. */
export type Parsed = { readonly value: unknown; readonly faults: readonly string[] };

/** The media type without parameters, lower case. */
export const mediaTypeOf = (contentType: string): string => (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();

/** The value of a JSON or YAML body. Throws 415 on other media types, and what `refuse` makes (default: 400) on malformed text. */
export const parseBody = (body: Body, duplicates = false, refuse: (why: string) => Error = badRequest): Parsed => {
  if (body.kind === 'value') return { value: body.value, faults: [] };
  const format = formatOf(mediaTypeOf(body.contentType));
  const read = parseStrict(new TextDecoder().decode(body.bytes), { format, duplicates });
  if (!read.ok) throw refuse(read.message);
  return { value: read.value, faults: read.duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`) };
};

const formatOf = (mediaType: string): 'json' | 'yaml' => {
  switch (mediaType) {
    case '':
    case 'application/json':
    case 'application/json-patch+json':
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return 'json';
    case 'application/yaml':
    case 'application/apply-patch+yaml':
      return 'yaml';
    default:
      throw unsupportedBody(BODY_TYPES);
  }
};

/** The body as an object of `type`, pruned and with defaults. Throws 400 when it is something else. */
export const decodeObject = (
  server: ServerContext,
  call: Call,
  type: ResourceType,
  body: Body,
  validation: FieldValidation,
  stage: DefaultStage = 'default',
): KubeObject => {
  const { value, faults } = parseBody(body, validation !== 'Ignore', (why) => unrecognised(type, body, why));
  const fault = typeMetaFault(value);
  if (fault !== undefined) throw unrecognised(type, body, fault);
  const object = asKind(type, (value ?? {}) as object);
  return defaulted(server, type, settled(server, call, type, object, validation, { faults }), stage);
};

/** What the API server reads first of any body, as Go prints that type. */
const typeMetaStruct = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** Why apiVersion and kind cannot be read of a body; undefined when they can, or are not there. */
export const typeMetaFault = (value: unknown): string | undefined => {
  if (value === null || value === undefined) return undefined;
  if (!isObject(value)) return `json: cannot unmarshal ${jsonWord(value)} into Go value of type ${typeMetaStruct}`;
  const wrong = ['apiVersion', 'kind'].find((field) => !['string', 'undefined'].includes(typeof (value[field] ?? undefined)));
  return wrong === undefined ? undefined : `json: cannot unmarshal ${jsonWord(value[wrong])} into Go struct field .${wrong} of type string`;
};

/** 400 of a body in which not even apiVersion and kind can be read. */
const unrecognised = (type: ResourceType, body: Body, why: string): Error =>
  badRequest(
    `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: ${why} (${summaryOf(body)})`,
  );

/** Bytes of a body that a refusal repeats. */
const SUMMARY_BYTES_MAX = 30;

const summaryOf = (body: Body): string => {
  const bytes = body.kind === 'bytes' ? body.bytes : new TextEncoder().encode(JSON.stringify(body.value));
  if (bytes.length === 0) return '<empty>';
  const more = bytes.length > SUMMARY_BYTES_MAX ? ' ...' : '';
  const start = bytes.slice(0, SUMMARY_BYTES_MAX);
  if (bytes[0] === '{'.charCodeAt(0)) return `${new TextDecoder().decode(start)}${more}`;
  return `${[...start].map((byte) => byte.toString(16).padStart(2, '0')).join('')}${more}`;
};

/** How an object is settled: faults known already, what a refusal is, and what reads the object. */
export type Settling = {
  readonly faults?: readonly string[];
  readonly refuse?: (why: string) => Error;
  readonly by?: ConformReader;
  /** Tell unknown fields in the order of their paths: what a patch made has no order of its own. */
  readonly sorts?: boolean;
};

/** Checks an object against the known fields: Strict refuses, Warn warns, and what is unknown is dropped. */
export const settled = (
  server: ServerContext,
  call: Call,
  type: ResourceType,
  object: KubeObject,
  validation: FieldValidation,
  { faults = [], refuse = (why) => badRequest(`${cannotHandle(type)}: ${why}`), by = 'decoder', sorts = false }: Settling = {},
): KubeObject => {
  const known = readAs(server, type, object, by);
  if (known.fault !== undefined) throw refuse(known.fault);
  told(call, [...faults, ...(sorts ? [...known.unknown].sort() : known.unknown)], validation, refuse);
  return known.object;
};

/** Does with faults that leave an object readable what the client wants: refuse, warn or nothing. */
export const told = (call: Call, faults: readonly string[], validation: FieldValidation, refuse: (why: string) => Error): void => {
  if (validation === 'Strict' && faults.length > 0) throw refuse(`strict decoding error: ${faults.join(', ')}`);
  if (validation === 'Warn') for (const text of faults) call.warn(text);
};

const cannotHandle = (type: ResourceType, version = type.version, kind = type.kind): string =>
  `${kind} in version "${version}" cannot be handled as a ${type.kind}`;

/** The value as an object whose apiVersion and kind are those of `type`; both may be missing. */
export const asKind = (type: ResourceType, value: unknown): KubeObject => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(`${cannotHandle(type)}: the body is no object`);
  }
  const { apiVersion = '', kind = '', metadata, ...rest } = value as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw badRequest(`${cannotHandle(type)}: apiVersion and kind are texts`);
  const own = parseApiVersion(apiVersion === '' ? apiVersionOf(type.group, type.version) : apiVersion);
  if ((kind !== '' && kind !== type.kind) || own.group !== type.group || own.version !== type.version) {
    const why = `no kind "${kind}" is registered for version "${apiVersion}" here`;
    throw badRequest(`${cannotHandle(type, own.version, kind === '' ? type.kind : kind)}: ${why}`);
  }
  if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
    throw badRequest(`${cannotHandle(type)}: metadata is no object`);
  }
  return {
    apiVersion: apiVersionOf(type.group, type.version),
    kind: type.kind,
    metadata: (metadata ?? {}) as KubeObject['metadata'],
    ...rest,
  };
};
