/** @module OpenAPI v2 of all kinds: what kubectl checks Lists with and Argo CD reads, as JSON or as protobuf. */
import type { OpenApiSchema, ResourceType } from '../resource.ts';
import { isObject, type SchemaSet } from '../schema/index.ts';
import { schemaClosure } from './openapi.ts';
import type { VersionInfo } from './options.ts';
import { messageField, textField } from './protobuf-writer.ts';

/** The media type of the protobuf form (gnostic's `openapi.v2.Document`). */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const V3_REF = '#/components/schemas/';
const V2_REF = '#/definitions/';

/** A schema as OpenAPI v2 has it. */
type SchemaV2 = {
  $ref?: string;
  format?: string;
  description?: string;
  required?: readonly string[];
  additionalProperties?: SchemaV2;
  type?: string;
  items?: SchemaV2;
  properties?: Readonly<Record<string, SchemaV2>>;
  [extension: `x-${string}`]: unknown;
};

/** The document; it names no paths, since nobody reads those of v2 any more. */
export type OpenApiV2 = {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: object;
  readonly definitions: Readonly<Record<string, SchemaV2>>;
};

/** The definitions of all kinds and what they refer to. */
export const openApiV2 = (types: readonly ResourceType[], schemas: SchemaSet, version: VersionInfo): OpenApiV2 => ({
  swagger: '2.0',
  info: { title: 'Hanse', version: version.gitVersion },
  paths: {},
  definitions: Object.fromEntries(Object.entries(schemaClosure(schemas, types)).map(([name, schema]) => [name, toV2(schema)])),
});

/** v2 knows neither `oneOf` nor a reference with siblings in `allOf`; Kubernetes writes both in its own way. */
const toV2 = (schema: OpenApiSchema): SchemaV2 => {
  const extensions = Object.fromEntries(Object.entries(schema).filter(([key]) => key.startsWith('x-')));
  const description = typeof schema['description'] === 'string' ? { description: schema['description'] } : {};
  const reference = referenceOf(schema);
  if (reference !== undefined) return { ...extensions, ...description, $ref: reference.replace(V3_REF, V2_REF) };
  const { type, format, required, properties, items, additionalProperties } = schema;
  const either = Array.isArray(schema['oneOf']) || Array.isArray(schema['anyOf']);
  return {
    ...extensions,
    ...description,
    ...(typeof type === 'string' ? { type } : either ? { type: 'string' } : {}),
    ...(typeof format === 'string' ? { format } : either ? { format: 'int-or-string' } : {}),
    ...(Array.isArray(required) ? { required: required.map(String) } : {}),
    ...(isObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, toV2(isObject(inner) ? inner : {})])) }
      : {}),
    ...(isObject(items) ? { items: toV2(items) } : {}),
    ...(isObject(additionalProperties) ? { additionalProperties: toV2(additionalProperties) } : {}),
  };
};

const referenceOf = (schema: OpenApiSchema): string | undefined => {
  if (typeof schema['$ref'] === 'string') return schema['$ref'];
  const all = schema['allOf'];
  if (!Array.isArray(all) || all.length !== 1) return undefined;
  const [only] = all as unknown[];
  return isObject(only) && typeof only['$ref'] === 'string' ? only['$ref'] : undefined;
};

/** The document in gnostic's protobuf (google/gnostic-models, openapiv2/OpenAPIv2.proto; the numbers are its field numbers). */
export const openApiV2Protobuf = (document: OpenApiV2): Uint8Array<ArrayBuffer> => {
  const info = [...textField(1, document.info.title), ...textField(2, document.info.version)];
  const definitions = namedSchemas(document.definitions);
  return concatenated([
    ...textField(1, document.swagger),
    ...messageField(2, info),
    ...messageField(8, []),
    ...messageField(9, definitions),
  ]);
};

type Chunks = readonly Uint8Array[];

const namedSchemas = (schemas: Readonly<Record<string, SchemaV2>>): Chunks =>
  Object.entries(schemas).flatMap(([name, schema]) => messageField(1, [...textField(1, name), ...messageField(2, schemaMessage(schema))]));

const schemaMessage = (schema: SchemaV2): Chunks => {
  const { $ref, format, description, required = [], additionalProperties, type, items, properties } = schema;
  const extensions = Object.entries(schema).filter(([key]) => key.startsWith('x-'));
  return [
    ...($ref === undefined ? [] : textField(1, $ref)),
    ...(format === undefined ? [] : textField(2, format)),
    ...(description === undefined ? [] : textField(4, description)),
    ...required.flatMap((name) => textField(19, name)),
    ...(additionalProperties === undefined ? [] : messageField(21, messageField(1, schemaMessage(additionalProperties)))),
    ...(type === undefined ? [] : messageField(22, textField(1, type))),
    ...(items === undefined ? [] : messageField(23, messageField(1, schemaMessage(items)))),
    ...(properties === undefined ? [] : messageField(25, namedSchemas(properties))),
    // Values of extensions are YAML, which JSON is.
    ...extensions.flatMap(([name, value]) =>
      messageField(31, [...textField(1, name), ...messageField(2, textField(2, JSON.stringify(value)))]),
    ),
  ];
};

const concatenated = (chunks: Chunks): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
};
