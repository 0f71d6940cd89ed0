/** @module The OpenAPI v3 component schemas of a running API server, merged over its groups, and finding one's way in them. */

import { sameJson } from '../../../shared/lib/same-json.ts';
import type { ApiCall } from '../api.ts';
import { isObject, type Json, type JsonObject } from './stable-json.ts';

/** Component schemas by definition name, e.g. `io.k8s.api.core.v1.Container`. */
export type Schemas = Readonly<Record<string, JsonObject>>;

/** What a field holds: one struct, a list or map of structs (`definition` names the struct), or a plain value. */
export type FieldShape = { readonly kind: 'struct' | 'list' | 'map'; readonly definition: string } | { readonly kind: 'value' };

const refPrefix = '#/components/schemas/';

const getJson = async (call: ApiCall, path: string): Promise<JsonObject> => {
  const answer = await call('GET', path);
  if (answer.status !== 200 || !isObject(answer.body))
    throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
  return answer.body;
};

/**
 * Reads `/openapi/v3` and every group's document.
 * @throws when two groups give one name to different schemas, which would make the merge wrong.
 */
export const readSchemas = async (call: ApiCall): Promise<Schemas> => {
  const { paths } = await getJson(call, '/openapi/v3');
  const schemas: Record<string, JsonObject> = {};
  for (const [path, entry] of Object.entries(isObject(paths) ? paths : {})) {
    if (!isObject(entry) || !/^apis?\/.*v\d/.test(path)) continue;
    const document = await getJson(call, String(entry.serverRelativeURL));
    const found = isObject(document.components) ? document.components.schemas : undefined;
    for (const [name, schema] of Object.entries(isObject(found) ? found : {})) {
      if (!isObject(schema)) continue;
      const merged = mergeSchema(schemas[name], schema);
      if (!merged) throw new Error(`${path}: schema ${name} differs from another group's`);
      schemas[name] = merged;
    }
  }
  return schemas;
};

/** Each group lists only its own kinds in x-kubernetes-group-version-kind of shared types such as DeleteOptions: unite the lists. */
const mergeSchema = (known: JsonObject | undefined, schema: JsonObject): JsonObject | undefined => {
  if (!known) return schema;
  const key = 'x-kubernetes-group-version-kind';
  const { [key]: a, ...restA } = known;
  const { [key]: b, ...restB } = schema;
  if (!sameJson(restA, restB)) return undefined;
  const kinds = [...(Array.isArray(a) ? a : []), ...(Array.isArray(b) ? b : [])].map((kind: Json) => JSON.stringify(kind));
  return kinds.length === 0 ? known : { ...restA, [key]: [...new Set(kinds)].sort().map((kind) => JSON.parse(kind) as Json) };
};

/** The definition name of a kind, found by its `x-kubernetes-group-version-kind`. */
export const definitionOf = (schemas: Schemas, apiVersion: string, kind: string): string | undefined => {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return Object.keys(schemas).find((name) => {
    const kinds = schemas[name]?.['x-kubernetes-group-version-kind'];
    return Array.isArray(kinds) && kinds.length === 1 && kinds.some((gvk: Json) => sameJson(gvk, { group, kind, version }));
  });
};

const refOf = (schema: Json | undefined): string | undefined => {
  if (!isObject(schema)) return undefined;
  if (typeof schema.$ref === 'string') return schema.$ref.slice(refPrefix.length);
  return Array.isArray(schema.allOf) && schema.allOf.length === 1 ? refOf(schema.allOf[0]) : undefined;
};

/** What `field` of `definition` holds. References to plain types (Quantity, Time, IntOrString) are values. */
export const fieldShape = (schemas: Schemas, definition: string, field: string): FieldShape => {
  const properties = schemas[definition]?.properties;
  const schema = isObject(properties) ? properties[field] : undefined;
  if (!isObject(schema)) return { kind: 'value' };
  const shapes = [
    { kind: 'struct', ref: refOf(schema) },
    { kind: 'list', ref: refOf(schema.items) },
    { kind: 'map', ref: refOf(schema.additionalProperties) },
  ] as const;
  for (const { kind, ref } of shapes) if (ref !== undefined && isObject(schemas[ref]?.properties)) return { kind, definition: ref };
  return { kind: 'value' };
};
