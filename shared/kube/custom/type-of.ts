/** @module A kind document as the API server serves it: the resource type, and the schema of whole objects. */
import type { KubeObject } from '../object.ts';
import type { OpenApiSchema, ResourceType } from '../resource.ts';
import { isObject, own } from '../schema/index.ts';
import { columnsOf } from './columns.ts';
import { customSchemaName, type KindDocument } from './document.ts';
import { parseJsonPath } from './json-path.ts';

const verbs: readonly string[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const selectableOf = (paths: readonly string[]): Pick<ResourceType, 'selectableFields'> => {
  const fields = paths.flatMap((source) => {
    const path = parseJsonPath(source);
    return path === undefined ? [] : [{ name: source.replace(/^\./, ''), path }];
  });
  if (fields.length === 0) return {};
  const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
  return { selectableFields: (object) => Object.fromEntries(fields.map(({ name, path }) => [name, textOf(path(object)[0])])) };
};

/** Objects of all versions are kept as of one; only the version's name differs (conversion strategy None). */
const conversionOf = ({ group, version }: KindDocument, storageVersion: string): Pick<ResourceType, 'conversion'> => {
  const as =
    (to: string) =>
    (object: KubeObject): KubeObject =>
      object.apiVersion === `${group}/${to}` ? object : { ...object, apiVersion: `${group}/${to}` };
  return { conversion: { storageVersion, fromStorage: as(version), toStorage: as(storageVersion) } };
};

/** The type to serve. `storageVersion`: the version that objects of the resource are kept in. `taken`: short names that other kinds have. */
export const typeOfDocument = (document: KindDocument, storageVersion: string, taken: ReadonlySet<string> = new Set()): ResourceType => {
  const { group, version, kind, listKind, resource, singular, shortNames, categories, namespaced, status, scale } = document;
  return {
    group,
    version,
    kind,
    listKind,
    resource,
    singular,
    shortNames: shortNames.filter((name) => !taken.has(name)),
    categories,
    namespaced,
    verbs,
    schemaName: customSchemaName(group, version, kind),
    hasStatus: status,
    ...(scale === undefined ? {} : { scale }),
    strategicMerge: false,
    strategy: {},
    ...columnsOf(document.columns),
    ...selectableOf(document.selectableFields),
    ...conversionOf(document, storageVersion),
  };
};

/** The schema of whole objects: what the cluster says of the kind, with Kubernetes' own metadata. */
export const schemaOfDocument = ({ group, version, kind, schema = {} }: KindDocument): OpenApiSchema => {
  const properties = own(schema, 'properties');
  const known = isObject(properties) ? properties : {};
  return {
    ...(Object.keys(known).length === 0 ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...schema,
    type: 'object',
    properties: {
      ...known,
      apiVersion: { type: 'string', description: `The versioned schema of this object: ${group}/${version}.` },
      kind: { type: 'string', description: `The kind of this object: ${kind}.` },
      metadata: {
        allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
        description: "Standard object's metadata.",
        default: {},
      },
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  };
};
