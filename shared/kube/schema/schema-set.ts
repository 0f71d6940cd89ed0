/** @module The schemas of all kinds a server knows, by definition name. */
import type { OpenApiSchema } from '../resource.ts';
import type { DefaultRule } from './default-rule.ts';
import { isObject, type JsonObject } from './json.ts';
import { anyNode, type DefinitionFacts, type NodeOrigin, noFacts, SchemaNode } from './schema-node.ts';

/** Schemas and what goes with them; the shape of `builtin/data/{openapi,defaults,types}.json` taken together. */
export type SchemaData = {
  /** Component schemas as a kube-apiserver serves them, by definition name. */
  readonly schemas?: Readonly<Record<string, OpenApiSchema>>;
  /** Definition → field → what it holds when absent. */
  readonly defaults?: Readonly<Record<string, JsonObject>>;
  readonly rules?: readonly DefaultRule[];
  /** Definition → fields that Go drops when they are empty. */
  readonly omitEmpty?: Readonly<Record<string, readonly string[]>>;
  /** Definition → fields that Go always writes, and what it writes. */
  readonly always?: Readonly<Record<string, JsonObject>>;
};

/** Schemas by definition name, compiled when first asked for. */
export type SchemaSet = {
  /** The node of a definition; one that takes anything when the name is unknown. */
  readonly node: (definition: string) => SchemaNode;
  readonly has: (definition: string) => boolean;
  readonly names: () => readonly string[];
};

const collectFacts = (sources: readonly SchemaData[]): ReadonlyMap<string, DefinitionFacts> => {
  const facts = new Map<string, DefinitionFacts>();
  const add = (definition: string, part: Partial<DefinitionFacts>): void => {
    facts.set(definition, { ...(facts.get(definition) ?? noFacts), ...part });
  };
  for (const source of sources) {
    for (const [definition, defaults] of Object.entries(source.defaults ?? {})) add(definition, { defaults });
    for (const [definition, always] of Object.entries(source.always ?? {})) add(definition, { always });
    for (const [definition, fields] of Object.entries(source.omitEmpty ?? {})) add(definition, { omitEmpty: new Set(fields) });
    for (const rule of source.rules ?? []) {
      add(rule.definition, { rules: [...(facts.get(rule.definition)?.rules ?? []), rule] });
    }
  }
  return facts;
};

/**
 * A schema set over data that may come in parts; a later part wins where names collide.
 *
 * @example
 * const set = createSchemaSet(openapi, defaults, types, { schemas: hanseSchemas });
 * const node = set.node('io.k8s.api.apps.v1.Deployment');
 */
export const createSchemaSet = (...sources: readonly SchemaData[]): SchemaSet => {
  const schemas = new Map<string, OpenApiSchema>();
  for (const source of sources) {
    for (const [name, schema] of Object.entries(source.schemas ?? {})) if (isObject(schema)) schemas.set(name, schema);
  }
  const facts = collectFacts(sources);
  const nodes = new Map<string, SchemaNode>();
  const node = (definition: string): SchemaNode => {
    const known = nodes.get(definition);
    if (known !== undefined) return known;
    const schema = schemas.get(definition);
    if (schema === undefined) return anyNode;
    const origin: NodeOrigin = { definition, root: true, resolve: node, factsOf: (name) => facts.get(name) ?? noFacts };
    const made = new SchemaNode(schema, origin);
    nodes.set(definition, made);
    return made;
  };
  return { node, has: (name) => schemas.has(name), names: () => [...schemas.keys()] };
};

/**
 * `base` and further definitions over it, each read when it is first asked for. Where names collide, `base` wins. References in the further
 * ones reach only `base`.
 */
export const extendSchemaSet = (base: SchemaSet, further: ReadonlyMap<string, () => OpenApiSchema>): SchemaSet => {
  const nodes = new Map<string, SchemaNode>();
  const node = (definition: string): SchemaNode => {
    const read = base.has(definition) ? undefined : further.get(definition);
    if (read === undefined) return base.node(definition);
    const known = nodes.get(definition);
    if (known !== undefined) return known;
    const made = new SchemaNode(read(), { definition, root: true, resolve: base.node, factsOf: () => noFacts });
    nodes.set(definition, made);
    return made;
  };
  return {
    node,
    has: (name) => base.has(name) || further.has(name),
    names: () => [...base.names(), ...[...further.keys()].filter((name) => !base.has(name))],
  };
};
