/** @module Request bodies become objects of the kind that the URL names: media type, apiVersion and kind, known fields, defaults. */
import { apiVersionOf, type KubeObject, parseApiVersion } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { type DefaultStage, parseStrict } from '../schema/index.ts';
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

/** The value of a JSON or YAML body. Throws 400 on malformed text, 415 on other media types. */
export const parseBody = (body: Body, duplicates = false): Parsed => {
  if (body.kind === 'value') return { value: body.value, faults: [] };
  const format = formatOf(mediaTypeOf(body.contentType));
  const read = parseStrict(new TextDecoder().decode(body.bytes), { format, duplicates });
  if (!read.ok) throw badRequest(read.message);
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
  const { value, faults } = parseBody(body, validation !== 'Ignore');
  const object = asKind(type, value);
  return defaulted(server, type, settled(server, call, type, object, validation, faults), stage);
};

/** Checks an object against the known fields: Strict refuses, Warn warns, and what is unknown is dropped. */
export const settled = (
  server: ServerContext,
  call: Call,
  type: ResourceType,
  object: KubeObject,
  validation: FieldValidation,
  faults: readonly string[] = [],
  refuse: (why: string) => Error = (why) => badRequest(`${cannotHandle(type)}: ${why}`),
): KubeObject => {
  const known = readAs(server, type, object);
  if (known.fault !== undefined) throw refuse(known.fault);
  const told = [...faults, ...known.unknown];
  if (validation === 'Strict' && told.length > 0) throw badRequest(`${cannotHandle(type)}: strict decoding error: ${told.join(', ')}`);
  if (validation === 'Warn') for (const text of told) call.warn(text);
  return known.object;
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
