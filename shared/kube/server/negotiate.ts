/** @module Which form of an answer a client wants: JSON or YAML, the object itself, a Table, or only metadata. */
import { noRepresentation, notAcceptable } from './errors.ts';

/** The form of an answer. */
export type Form = {
  readonly format: 'json' | 'yaml';
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** The meta.k8s.io version of a Table or PartialObjectMetadata. */
  readonly version: string;
  readonly pretty: boolean;
};

/** Media types that clients are told of; those that take protobuf too are given JSON. */
export const ANSWER_TYPES: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
/** Media types of watches. */
export const STREAM_TYPES: readonly string[] = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

const CONVERSIONS = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] as const;
const META_VERSIONS: readonly string[] = ['v1', 'v1beta1'];

/** One alternative of an Accept header. */
export type Alternative = { readonly type: string; readonly parameters: Readonly<Record<string, string>> };

/** The alternatives of an Accept header, the best first; `quality` decides, then the order given. */
export const alternatives = (accept: string): Alternative[] =>
  accept
    .split(',')
    .map((part, index) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
      const read = Object.fromEntries(
        parameters.map((parameter) => {
          const [name = '', value = ''] = parameter.split('=', 2).map((piece) => piece.trim());
          return [name.toLowerCase(), value.replace(/^"|"$/g, '')];
        }),
      );
      const quality = Number(read['q'] ?? '1');
      return { type: type.toLowerCase(), parameters: read, quality: Number.isNaN(quality) ? 1 : quality, index };
    })
    .filter(({ type, quality }) => type !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality || a.index - b.index);

/** The form of an answer to a client that says nothing of it, and of refusals before its wishes are read. */
export const plainForm = (query: URLSearchParams, userAgent: string): Form => ({
  format: 'json',
  as: 'object',
  version: 'v1',
  pretty: wantsPretty(query, userAgent),
});

/** The first alternative that the server has, `available` being the media types of the path; throws 406 when there is none. */
export const formOf = (accept: string, query: URLSearchParams, userAgent: string, available = ANSWER_TYPES): Form => {
  const plain = plainForm(query, userAgent);
  const wanted = alternatives(accept);
  if (wanted.length === 0) return plain;
  for (const { type, parameters } of wanted) {
    const format = formatOf(type);
    if (format === undefined) continue;
    const { as, v = 'v1', g = 'meta.k8s.io' } = parameters;
    if (as === undefined) return { ...plain, format };
    const conversion = CONVERSIONS.find((known) => known === as);
    if (conversion !== undefined && g === 'meta.k8s.io' && META_VERSIONS.includes(v))
      return { ...plain, format, as: conversion, version: v };
  }
  throw wanted.some(({ type }) => formatOf(type) !== undefined) ? notAcceptable(ANSWER_TYPES) : noRepresentation(available);
};

const formatOf = (type: string): Form['format'] | undefined => {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
};

/** People who look with a browser or curl get line breaks. */
const wantsPretty = (query: URLSearchParams, userAgent: string): boolean => {
  const asked = query.get('pretty') ?? '';
  return asked === '' ? /^(curl|Wget|Mozilla)/.test(userAgent) : TRUTHS.test(asked);
};

/** What Go's strconv takes for true. */
const TRUTHS = /^(1|t|T|true|TRUE|True)$/;
