/** @module OpenAPI v3: one document a group and version, with the paths and extensions that kubectl looks for. */
import type { OpenApiSchema, ResourceType } from '../resource.ts';
import { isObject, type SchemaSet } from '../schema/index.ts';
import { noSuchResource } from './errors.ts';
import type { VersionInfo } from './options.ts';
import type { ResourceTypeRegistry } from './registry.ts';
import { SCALE } from './scale.ts';

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly description: string;
  readonly schema: object;
  readonly required?: true;
};

const REF = '#/components/schemas/';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

const parameter = (name: string, type: 'string' | 'integer' | 'boolean', description: string): Parameter => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
});
const pathParameter = (name: string, description: string): Parameter => ({
  ...parameter(name, 'string', description),
  in: 'path',
  required: true,
});

const DRY_RUN = parameter('dryRun', 'string', 'All: everything is done but the write.');
const FIELD_MANAGER = parameter('fieldManager', 'string', 'Who makes the change, for managedFields.');
const FIELD_VALIDATION = parameter('fieldValidation', 'string', 'What to do about unknown and duplicate fields: Ignore, Warn or Strict.');
const FORCE = parameter('force', 'boolean', 'Take fields over from other managers; for apply patches.');
const PRETTY = parameter('pretty', 'string', 'true: with line breaks.');
const NAME = pathParameter('name', 'Name of the object.');
const NAMESPACE = pathParameter('namespace', 'Namespace of the object.');
const WRITE = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];
const PATCH = [...WRITE, FORCE];
const DELETE = [
  DRY_RUN,
  parameter('gracePeriodSeconds', 'integer', 'Seconds before the object goes.'),
  parameter('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  parameter('propagationPolicy', 'string', 'Foreground, Background or Orphan.'),
];
const LIST = [
  parameter('allowWatchBookmarks', 'boolean', 'Ask for bookmark events.'),
  parameter('continue', 'string', 'The token of the next page.'),
  parameter('fieldSelector', 'string', 'Select by fields.'),
  parameter('labelSelector', 'string', 'Select by labels.'),
  parameter('limit', 'integer', 'Objects a page.'),
  parameter('resourceVersion', 'string', 'The state to read.'),
  parameter('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  parameter('sendInitialEvents', 'boolean', 'Start a watch with what is there.'),
  parameter('timeoutSeconds', 'integer', 'Length of the call.'),
  parameter('watch', 'boolean', 'Watch for changes instead of listing.'),
];
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The document of one group and version. Throws 404 when it is not served. */
export const openApiDocument = (registry: ResourceTypeRegistry, schemas: SchemaSet, version: VersionInfo, path: string): object => {
  const { group, version: apiVersion } = groupVersionOf(path);
  const types = registry.in(group, apiVersion);
  if (types.length === 0) throw noSuchResource();
  const paths = Object.assign({}, ...types.map((type) => pathsOf(type))) as object;
  return {
    openapi: '3.0.0',
    info: { title: 'Hanse', version: version.gitVersion },
    paths,
    components: { schemas: schemaClosure(schemas, types) },
  };
};

/** `api/v1` and `apis/apps/v1`; throws 404 on anything else. */
const groupVersionOf = (path: string): { group: string; version: string } => {
  const [root, first, second, ...rest] = path.split('/');
  if (root === 'api' && first !== undefined && second === undefined) return { group: '', version: first };
  if (root === 'apis' && first !== undefined && second !== undefined && rest.length === 0) return { group: first, version: second };
  throw noSuchResource();
};

/** The documents there are, such as `api/v1` and `apis/apps/v1`. */
export const openApiPaths = (registry: ResourceTypeRegistry): string[] =>
  registry
    .groups()
    .flatMap(({ name, versions }) => versions.map((version) => (name === '' ? `api/${version}` : `apis/${name}/${version}`)));

const pathsOf = (type: ResourceType): object => {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = type.namespaced ? '/namespaces/{namespace}' : '';
  const shared = type.namespaced ? [NAMESPACE] : [];
  const collection = `${root}${scope}/${type.resource}`;
  const paths: Record<string, object> = {};
  paths[collection] = { ...collectionOperations(type, true), parameters: [...shared, PRETTY] };
  if (type.namespaced && type.verbs.includes('list'))
    paths[`${root}/${type.resource}`] = { ...collectionOperations(type, false), parameters: [PRETTY] };
  if (!type.verbs.includes('get')) return paths;
  paths[`${collection}/{name}`] = { ...objectOperations(type), parameters: [NAME, ...shared, PRETTY] };
  if (type.hasStatus)
    paths[`${collection}/{name}/status`] = { ...subresourceOperations(type, type), parameters: [NAME, ...shared, PRETTY] };
  if (type.scale !== undefined)
    paths[`${collection}/{name}/scale`] = { ...subresourceOperations(type, SCALE), parameters: [NAME, ...shared, PRETTY] };
  return paths;
};

type Kind = { readonly group: string; readonly version: string; readonly kind: string; readonly schemaName: string };

const operation = (kind: Kind, action: string, schema: string, parameters: readonly Parameter[], code = 200): object => ({
  responses: { [code]: { description: 'OK', content: { 'application/json': { schema: { $ref: REF + schema } } } } },
  parameters,
  'x-kubernetes-action': action,
  'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version },
});

const withBody = (schema: string, mediaTypes: readonly string[] = ['application/json']): object => ({
  requestBody: {
    required: true,
    content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: { $ref: REF + schema } }])),
  },
});

const collectionOperations = (type: ResourceType, whole: boolean): object => ({
  ...(type.verbs.includes('list') ? { get: operation(type, 'list', listSchemaOf(type), LIST) } : {}),
  ...(whole && type.verbs.includes('create')
    ? { post: { ...operation(type, 'post', type.schemaName, WRITE, 201), ...withBody(type.schemaName) } }
    : {}),
  ...(whole && type.verbs.includes('deletecollection')
    ? { delete: operation(type, 'deletecollection', `${META}.Status`, [...LIST, ...DELETE]) }
    : {}),
});

const objectOperations = (type: ResourceType): object => ({
  get: operation(type, 'get', type.schemaName, []),
  ...(type.verbs.includes('update') ? { put: { ...operation(type, 'put', type.schemaName, WRITE), ...withBody(type.schemaName) } } : {}),
  ...(type.verbs.includes('patch') ? { patch: patchOperation(type, type) } : {}),
  ...(type.verbs.includes('delete') ? { delete: operation(type, 'delete', `${META}.Status`, DELETE) } : {}),
});

const subresourceOperations = (type: ResourceType, kind: Kind): object => ({
  get: operation(kind, 'get', kind.schemaName, []),
  put: { ...operation(kind, 'put', kind.schemaName, WRITE), ...withBody(kind.schemaName) },
  patch: patchOperation(type, kind),
});

const patchOperation = (type: ResourceType, kind: Kind): object => ({
  ...operation(kind, 'patch', kind.schemaName, PATCH),
  ...withBody(`${META}.Patch`, type.strategicMerge ? PATCH_TYPES : PATCH_TYPES.slice(0, 3)),
});

const listSchemaOf = (type: ResourceType): string => `${type.schemaName}List`;

/** The schemas of the types and all that they refer to. */
export const schemaClosure = (schemas: SchemaSet, types: readonly ResourceType[]): Record<string, OpenApiSchema> => {
  const found = new Map<string, OpenApiSchema>();
  const open = [
    ...types.flatMap((type) => [type.schemaName, listSchemaOf(type)]),
    SCALE.schemaName,
    `${META}.Status`,
    `${META}.Patch`,
    `${META}.DeleteOptions`,
  ];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const known = schemas.has(name) ? schemas.node(name).schema : madeUp(name, types);
    if (known === undefined) continue;
    found.set(name, known);
    open.push(...referencesOf(known));
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** Schemas that no source has: lists of kinds that come without, and the body of a patch. */
const madeUp = (name: string, types: readonly ResourceType[]): OpenApiSchema | undefined => {
  if (name === `${META}.Patch`) return { type: 'object', description: 'A patch of one of the media types the operation takes.' };
  const type = types.find((one) => listSchemaOf(one) === name);
  if (type === undefined) return undefined;
  return {
    type: 'object',
    description: `${type.listKind} is a list of ${type.kind}.`,
    required: ['items'],
    properties: {
      apiVersion: { type: 'string', description: 'The versioned schema of this list.' },
      kind: { type: 'string', description: 'The kind of this list.' },
      metadata: { $ref: `${REF}${META}.ListMeta` },
      items: { type: 'array', description: 'The objects.', items: { $ref: REF + type.schemaName } },
    },
    'x-kubernetes-group-version-kind': [{ group: type.group, kind: type.listKind, version: type.version }],
  };
};

const referencesOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner.slice(REF.length)] : referencesOf(inner),
  );
};
