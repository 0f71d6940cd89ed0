/** @module One compiled node of a schema: what patch, apply, defaults and validation need to know of a place in an object. */
import type { OpenApiSchema } from '../resource.ts';
import type { DefaultRule } from './default-rule.ts';
import { isObject, type JsonObject, own } from './json.ts';

/** `object` has declared fields, `map` has free keys, `any` takes every value. */
export type SchemaKind = 'object' | 'map' | 'list' | 'scalar' | 'any';

/** How items of a list are told apart: not at all, by value, by key fields (x-kubernetes-list-type). */
export type ListType = 'atomic' | 'set' | 'map';

/** What a scalar holds; `any` is a string of a format (date-time), which apply does not check. */
export type ScalarType = 'string' | 'integer' | 'number' | 'boolean' | 'intOrString' | 'quantity' | 'any';

/** What strategic merge patch does with a field (x-kubernetes-patch-strategy, x-kubernetes-patch-merge-key). */
export type PatchMeta = {
  readonly strategy: 'merge' | 'replace' | '';
  readonly retainKeys: boolean;
  /** The field that tells items apart; '' when there is none. */
  readonly mergeKey: string;
};

/** Finds the node of a definition by its name. */
export type ResolveDefinition = (name: string) => SchemaNode;

/** Where a node comes from. */
export type NodeOrigin = {
  /** The definition that holds the node, such as `io.k8s.api.apps.v1.DeploymentSpec`. */
  readonly definition: string;
  /** True when the node is the definition itself. */
  readonly root: boolean;
  readonly resolve: ResolveDefinition;
  /** What is known of a definition besides its schema. */
  readonly factsOf: (definition: string) => DefinitionFacts;
};

/** What is known of a definition besides its schema: defaults, and how Go writes it. */
export type DefinitionFacts = {
  /** Field → what it holds when absent; `{}` is a struct with facts of its own. */
  readonly defaults: JsonObject;
  readonly rules: readonly DefaultRule[];
  /** Fields that are dropped when they hold '', 0, false, `[]` or `{}`. */
  readonly omitEmpty: ReadonlySet<string>;
  /** Fields that are written even when nobody set them, and what is written. */
  readonly always: JsonObject;
};

const refPrefix = '#/components/schemas/';

/** The definition that a schema refers to, itself or through an `allOf` of one; undefined when it is written in place. */
export const referenceOf = (schema: OpenApiSchema): string | undefined => {
  const ref = schema['$ref'];
  if (typeof ref === 'string') return ref.slice(ref.lastIndexOf('/') + 1);
  const allOf = schema['allOf'];
  const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  const wrapped = isObject(only) ? own(only, '$ref') : undefined;
  return typeof wrapped === 'string' && wrapped.startsWith(refPrefix) ? wrapped.slice(refPrefix.length) : undefined;
};

const patchMetaOf = (schema: OpenApiSchema): PatchMeta => {
  const strategies = String(schema['x-kubernetes-patch-strategy'] ?? '').split(',');
  const strategy = strategies.find((name) => name === 'merge' || name === 'replace');
  return {
    strategy: strategy === 'merge' || strategy === 'replace' ? strategy : '',
    retainKeys: strategies.includes('retainKeys'),
    mergeKey: String(schema['x-kubernetes-patch-merge-key'] ?? ''),
  };
};

/** A declared field of an object. */
export class SchemaField {
  readonly name: string;
  /** The field's element in a field set: `f:NAME`. */
  readonly element: string;
  readonly required: boolean;
  /** The schema's `default`; undefined when it has none. */
  readonly default: unknown;
  readonly patch: PatchMeta;
  /** Dropped when it holds '', 0, false, `[]` or `{}`. */
  readonly omitEmpty: boolean;
  readonly #schema: OpenApiSchema;
  readonly #origin: NodeOrigin;
  #node: SchemaNode | undefined;

  constructor(name: string, schema: OpenApiSchema, required: boolean, omitEmpty: boolean, origin: NodeOrigin) {
    this.name = name;
    this.element = `f:${name}`;
    this.required = required;
    this.default = schema['default'];
    this.patch = patchMetaOf(schema);
    this.omitEmpty = omitEmpty;
    this.#schema = schema;
    this.#origin = origin;
  }

  /** The field's node, compiled when first asked for. */
  get node(): SchemaNode {
    this.#node ??= nodeOf(this.#schema, this.#origin);
    return this.#node;
  }
}

/** Of a definition about which nothing is known. */
export const noFacts: DefinitionFacts = { defaults: {}, rules: [], omitEmpty: new Set(), always: {} };
const noFields: ReadonlyMap<string, SchemaField> = new Map();
const noFragments: readonly SchemaNode[] = [];
const isSchema = (value: unknown): value is OpenApiSchema => isObject(value);

/** A place in an object and what may stand there. Children are compiled when first asked for, so schemas may be recursive. */
export class SchemaNode {
  readonly kind: SchemaKind;
  /** The definition that holds the node. */
  readonly definition: string;
  /** True when the node is the definition itself, not a place inside it. */
  readonly root: boolean;
  /** True for kinds of Kubernetes itself, whose objects pass through Go structs. */
  readonly native: boolean;
  /** Owned, merged and compared as one value. */
  readonly atomic: boolean;
  readonly listType: ListType;
  /** Key fields of a list of type `map`, as declared. */
  readonly keys: readonly string[];
  readonly scalar: ScalarType;
  readonly format: string;
  readonly nullable: boolean;
  /** Unknown fields are kept and not complained of (x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknown: boolean;
  /** A whole object with apiVersion, kind and metadata of its own (x-kubernetes-embedded-resource). */
  readonly embedded: boolean;
  /** The raw schema, for validation and OpenAPI. */
  readonly schema: OpenApiSchema;
  readonly #origin: NodeOrigin;
  #facts: DefinitionFacts | undefined;
  #fields: ReadonlyMap<string, SchemaField> | undefined;
  #values: SchemaNode | undefined;
  #item: SchemaNode | undefined;
  #fragments: Map<string, readonly SchemaNode[]> | undefined;

  constructor(schema: OpenApiSchema, origin: NodeOrigin) {
    this.#origin = origin;
    this.schema = schema;
    this.definition = origin.definition;
    this.root = origin.root;
    this.native = isNative(origin.definition);
    this.kind = kindOf(schema, origin);
    this.scalar = scalarOf(schema, origin);
    this.format = String(schema['format'] ?? '');
    this.nullable = schema['nullable'] === true;
    this.preserveUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true;
    this.embedded = schema['x-kubernetes-embedded-resource'] === true;
    this.listType = listTypeOf(schema);
    this.keys = this.listType === 'map' ? keysOf(schema) : [];
    this.atomic = this.kind === 'list' ? this.listType === 'atomic' : schema['x-kubernetes-map-type'] === 'atomic' || isRaw(origin);
  }

  /** What is known of the definition; nothing for a place inside one. */
  get facts(): DefinitionFacts {
    this.#facts ??= this.root ? this.#origin.factsOf(this.definition) : noFacts;
    return this.#facts;
  }

  /** Declared fields in the schema's order; empty for all kinds but `object`. */
  get fields(): ReadonlyMap<string, SchemaField> {
    this.#fields ??= this.kind === 'object' ? this.#compileFields() : noFields;
    return this.#fields;
  }

  /** What keys that are not declared hold; undefined when such keys are unknown fields. */
  get values(): SchemaNode | undefined {
    this.#values ??= this.#compileValues();
    return this.#values;
  }

  /** What a list's items are; a node that takes anything where the schema does not say. */
  get item(): SchemaNode {
    const items = this.schema['items'];
    this.#item ??= isSchema(items) ? nodeOf(items, this.#inner()) : anyNode;
    return this.#item;
  }

  /** The schemas that `anyOf`, `oneOf`, `allOf` or `not` name for this place; empty when there are none. */
  fragments(keyword: 'anyOf' | 'oneOf' | 'allOf' | 'not'): readonly SchemaNode[] {
    const found = this.schema[keyword];
    if (found === undefined || this.scalar === 'intOrString') return noFragments;
    const known = this.#fragments?.get(keyword);
    if (known !== undefined) return known;
    const schemas: readonly unknown[] = Array.isArray(found) ? found : [found];
    const nodes = schemas.filter(isSchema).map((schema) => nodeOf(schema, this.#inner()));
    this.#fragments ??= new Map();
    this.#fragments.set(keyword, nodes);
    return nodes;
  }

  /** The node under a key; undefined when the key is unknown. */
  child(name: string): SchemaNode | undefined {
    if (this.kind === 'any') return this;
    return this.fields.get(name)?.node ?? this.values;
  }

  #inner(): NodeOrigin {
    return this.#origin.root ? { ...this.#origin, root: false } : this.#origin;
  }

  #compileFields(): ReadonlyMap<string, SchemaField> {
    const properties = this.schema['properties'];
    if (!isObject(properties)) return noFields;
    const required = this.schema['required'];
    const requiredNames = new Set<unknown>(Array.isArray(required) ? required : []);
    const { omitEmpty } = this.facts;
    const inner = this.#inner();
    const fields = new Map<string, SchemaField>();
    for (const name of Object.keys(properties)) {
      const schema = properties[name];
      if (isSchema(schema)) fields.set(name, new SchemaField(name, schema, requiredNames.has(name), omitEmpty.has(name), inner));
    }
    return fields;
  }

  #compileValues(): SchemaNode | undefined {
    if (this.kind === 'any') return this;
    if (this.kind !== 'object' && this.kind !== 'map') return undefined;
    const additional = this.schema['additionalProperties'];
    if (isSchema(additional)) return nodeOf(additional, this.#inner());
    const free = additional === true || this.preserveUnknown || (additional === undefined && !hasProperties(this.schema));
    return free ? anyNode : undefined;
  }
}

const hasProperties = (schema: OpenApiSchema): boolean => {
  const properties = schema['properties'];
  return isObject(properties) && Object.keys(properties).length > 0;
};

/** Groups of CRDs may end in `k8s.io` too (`io.k8s.networking.gateway.v1.Gateway`); these packages are Go's. */
const nativePackage = /^io\.k8s\.(api|apimachinery|apiextensions-apiserver|kube-aggregator)\./;
const isNative = (definition: string): boolean => nativePackage.test(definition);

const isRaw = (origin: NodeOrigin): boolean => origin.root && origin.definition.endsWith('.runtime.RawExtension');

const kindOf = (schema: OpenApiSchema, origin: NodeOrigin): SchemaKind => {
  if (isRaw(origin)) return 'any';
  if (scalarOf(schema, origin) === 'intOrString' || scalarOf(schema, origin) === 'quantity') return 'scalar';
  switch (schema['type']) {
    case 'object':
      return hasProperties(schema) ? 'object' : 'map';
    case 'array':
      return 'list';
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return 'scalar';
    default:
      return hasProperties(schema) ? 'object' : 'any';
  }
};

const scalarOf = (schema: OpenApiSchema, origin: NodeOrigin): ScalarType => {
  if (origin.root && origin.definition.endsWith('.resource.Quantity')) return 'quantity';
  const format = schema['format'];
  if (schema['x-kubernetes-int-or-string'] === true || format === 'int-or-string') return 'intOrString';
  const type = schema['type'];
  if (type === 'integer' || type === 'number' || type === 'boolean') return type;
  return type === 'string' && (format === undefined || format === '' || format === 'byte') ? 'string' : 'any';
};

const listTypeOf = (schema: OpenApiSchema): ListType => {
  const declared = schema['x-kubernetes-list-type'];
  if (declared === 'atomic' || declared === 'set' || declared === 'map') return declared;
  if (patchMetaOf(schema).strategy !== 'merge') return 'atomic';
  return patchMetaOf(schema).mergeKey === '' ? 'set' : 'map';
};

const keysOf = (schema: OpenApiSchema): readonly string[] => {
  const keys = schema['x-kubernetes-list-map-keys'];
  return Array.isArray(keys) ? keys.map(String) : [patchMetaOf(schema).mergeKey];
};

/** The node of a schema: its definition's when it only refers to one, else one of its own. */
export const nodeOf = (schema: OpenApiSchema, origin: NodeOrigin): SchemaNode => {
  const reference = referenceOf(schema);
  if (reference === undefined) return new SchemaNode(schema, origin);
  const target = origin.resolve(reference);
  const mapType = schema['x-kubernetes-map-type'];
  const overrides: { [keyword: string]: unknown } = {};
  if (mapType !== undefined && mapType !== target.schema['x-kubernetes-map-type']) overrides['x-kubernetes-map-type'] = mapType;
  if (schema['nullable'] === true && !target.nullable) overrides['nullable'] = true;
  if (Object.keys(overrides).length === 0) return target;
  return new SchemaNode({ ...target.schema, ...overrides }, { ...origin, definition: reference, root: true });
};

const nowhere: NodeOrigin = {
  definition: '',
  root: false,
  resolve: () => anyNode,
  factsOf: () => noFacts,
};

/** Takes any value; maps in it are merged by key, lists are one value. For kinds without a schema. */
export const anyNode: SchemaNode = new SchemaNode({}, nowhere);
