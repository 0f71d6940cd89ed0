/** @module Turns what a verb answered into an HTTP response in the form the client asked for. */
import { type ScalarTag, type Tags, stringify as yamlText } from 'yaml';
import { apiVersionOf, type KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import type { Status } from '../status-error.ts';
import type { Stored } from '../storage/index.ts';
import { fromStorage, goesOutAsStored } from './call.ts';
import type { ServerContext } from './context.ts';
import { notAcceptable, notOfForm } from './errors.ts';
import { htmlSafe } from './html-safe.ts';
import { type Form, STREAM_TYPES } from './negotiate.ts';
import type { Result } from './result.ts';
import { includeObjectOf, partialJson, partialListJson, tableJson } from './table.ts';
import { watchStream } from './watch-stream.ts';

/** What the rim knows of the client's wishes. */
export type Wishes = { readonly form: Form; readonly query: URLSearchParams; readonly cutOff: () => void };

/** The response to a verb's answer. Throws 400 and 406. */
export const respond = (server: ServerContext, result: Result, wishes: Wishes): Response => {
  switch (result.kind) {
    case 'status':
      return jsonResponse(result.status.code === 0 ? 200 : result.status.code, successJson(result.status), wishes.form);
    case 'object':
      return jsonResponse(result.code, objectJson(server, result, wishes), wishes.form);
    case 'list':
      return jsonResponse(200, listJson(server, result, wishes), wishes.form);
    case 'watch':
      return watchResponse(server, result, wishes);
  }
};

/** A refusal; Status objects always go out as JSON or YAML, whatever form was asked for. */
export const refusalResponse = (status: Status, form: Form): Response => {
  const headers: Record<string, string> = {};
  if (status.details?.retryAfterSeconds !== undefined) headers['Retry-After'] = String(status.details.retryAfterSeconds);
  return jsonResponse(status.code, JSON.stringify(status), form, headers);
};

/** A plain success has no code in its body, as client-go prints one that it finds. */
const successJson = (status: Status): string => {
  if (status.code !== 200) return JSON.stringify(status);
  const { code: _, ...rest } = status;
  return JSON.stringify(rest);
};

/** YAML 1.1 as Go has it: a point alone, the key of managed fields, is a text and no number. */
const goTags = (tags: Tags): Tags =>
  tags.map((tag) => {
    if (typeof tag === 'string' || 'collection' in tag || tag.test?.test('.') !== true) return tag;
    return { ...tag, test: new RegExp(`^(?!\\.$)(?:${tag.test.source})`) } satisfies ScalarTag;
  });

/** JSON text in the format of `form`, as Go's encoders write it: compact text ends with a line break, indented text does not. */
const encodedText = (json: string, form: Pick<Form, 'format' | 'pretty'>): string => {
  if (form.format === 'yaml')
    return yamlText(JSON.parse(json), {
      sortMapEntries: true,
      aliasDuplicateObjects: false,
      indentSeq: false,
      version: '1.1',
      customTags: goTags,
    });
  return htmlSafe(form.pretty ? JSON.stringify(JSON.parse(json), undefined, 2) : `${json}\n`);
};

/** JSON text as a response in the format of `form`. */
export const jsonResponse = (code: number, json: string, form: Form, headers: Readonly<Record<string, string>> = {}): Response => {
  const body = new TextEncoder().encode(encodedText(json, form));
  const own = { 'Content-Type': `application/${form.format}`, 'Content-Length': String(body.length) };
  return new Response(body, { status: code, headers: { ...NO_CACHE, ...headers, ...own } });
};

const NO_CACHE = { 'Cache-Control': 'no-cache, private' };

const objectJson = (server: ServerContext, result: Result & { kind: 'object' }, { form, query }: Wishes): string => {
  const { object, type, foreign = false } = result;
  if (form.as === 'PartialObjectMetadata') return partialJson(object, form.version);
  if (form.as === 'PartialObjectMetadataList')
    throw notOfForm(`you requested PartialObjectMetadataList, but the requested object is not a list (${goTypeOf(type, type.kind)})`);
  if (form.as === 'object') return result.json ?? JSON.stringify(object);
  const metadata = { resourceVersion: object.metadata?.resourceVersion ?? '' };
  const include = includeObjectOf(query);
  return tableJson({
    type,
    objects: [object],
    metadata,
    version: form.version,
    include,
    nowMs: server.env.nowMs(),
    columns: true,
    foreign,
  });
};

/** Go's name of a kind, as refusals tell it. */
const goTypeOf = (type: ResourceType, kind: string): string =>
  type.strategicMerge ? `*${type.group.split('.')[0] || 'core'}.${kind}` : `*unstructured.Unstructured${kind === type.kind ? '' : 'List'}`;

const listJson = (server: ServerContext, result: Result & { kind: 'list' }, { form, query }: Wishes): string => {
  const { type, items, metadata } = result;
  if (form.as === 'PartialObjectMetadata')
    throw notOfForm(`you requested PartialObjectMetadata, but the requested object is a list (${goTypeOf(type, type.listKind)})`);
  if (form.as === 'object') {
    const head = `{"kind":${JSON.stringify(type.listKind)},"apiVersion":${JSON.stringify(apiVersionOf(type.group, type.version))}`;
    // One join of all pieces: each further concatenation would copy megabytes once more.
    const pieces = [`${head},"metadata":${JSON.stringify(metadata)},"items":[`];
    for (const [index, stored] of items.entries()) pieces.push(index === 0 ? '' : ',', itemText(type, stored));
    pieces.push(']}');
    return pieces.join('');
  }
  const objects: KubeObject[] = items.map((stored) => fromStorage(type, stored.object));
  if (form.as === 'PartialObjectMetadataList') return partialListJson(objects, metadata, form.version);
  const include = includeObjectOf(query);
  return tableJson({ type, objects, metadata, version: form.version, include, nowMs: server.env.nowMs(), columns: true, foreign: false });
};

/** An item of a list. Built-in kinds leave apiVersion and kind to the list, as Go's typed lists do; other kinds repeat them. */
const itemText = (type: ResourceType, stored: Stored): string => {
  // Stored text is taken as it is: turning 6,000 objects into text anew would take most of the time of a list.
  const text = goesOutAsStored(type) ? stored.json : JSON.stringify(fromStorage(type, stored.object));
  if (!type.strategicMerge) return text;
  const prefix = `{"apiVersion":${JSON.stringify(apiVersionOf(type.group, type.version))},"kind":${JSON.stringify(type.kind)},`;
  if (text.startsWith(prefix)) return `{${text.slice(prefix.length)}`;
  const { apiVersion: _, kind: _kind, ...rest } = fromStorage(type, stored.object);
  return JSON.stringify(rest);
};

const watchResponse = (server: ServerContext, result: Result & { kind: 'watch' }, { form, query, cutOff }: Wishes): Response => {
  if (form.as === 'PartialObjectMetadataList' || form.format === 'yaml') throw notAcceptable(STREAM_TYPES);
  const include = includeObjectOf(query);
  const body = watchStream(server, result.type, result.watch, form, include, cutOff);
  return new Response(body, { status: 200, headers: { ...NO_CACHE, 'Content-Type': 'application/json' } });
};
