/** @module Kind documents from discovery and OpenAPI v3, for kinds whose CRD may not be read or that an aggregated server has. */
import { isObject, type JsonObject, own } from '../schema/index.ts';
import { type CheckedKind, checkKindDocument } from './check.ts';
import type { DiscoveredKind } from './document.ts';
import { structural } from './structural.ts';

const prefix = '#/components/schemas/';

const schemasOf = (document: unknown): JsonObject => {
  const components = isObject(document) ? own(document, 'components') : undefined;
  const schemas = isObject(components) ? own(components, 'schemas') : undefined;
  return isObject(schemas) ? schemas : {};
};

const isKind = (schema: unknown, wanted: DiscoveredKind): boolean => {
  const kinds = isObject(schema) ? own(schema, 'x-kubernetes-group-version-kind') : undefined;
  return (Array.isArray(kinds) ? kinds : []).some(
    (one) => isObject(one) && one['group'] === wanted.group && one['version'] === wanted.version && one['kind'] === wanted.kind,
  );
};

/** The document of a kind in the OpenAPI of its group and version; without a schema where that has none. */
export const documentOfOpenApi = (
  kind: DiscoveredKind,
  openApi: unknown,
  options: { readonly descriptions?: boolean } = {},
): CheckedKind => {
  const schemas = schemasOf(openApi);
  const name = Object.keys(schemas).find((one) => isKind(schemas[one], kind));
  const given = name === undefined ? undefined : schemas[name];
  const resolve = (reference: string): JsonObject | undefined => {
    const found = reference.startsWith(prefix) ? own(schemas, reference.slice(prefix.length)) : undefined;
    return isObject(found) ? found : undefined;
  };
  // The hub has a schema of metadata itself.
  const schema = isObject(given) ? structural(withoutMetadata(given), { ...options, resolve }) : undefined;
  if (schema?.ok === false) return schema;
  return checkKindDocument({ ...kind, versionsAlike: true, columns: [], selectableFields: [], schema: schema?.schema });
};

const withoutMetadata = (schema: JsonObject): JsonObject => {
  const properties = own(schema, 'properties');
  if (!isObject(properties)) return schema;
  const { metadata: _, ...rest } = properties;
  return { ...schema, properties: rest };
};
