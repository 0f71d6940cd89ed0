/** @module Which kinds the hub serves: the built-in ones, its own, and what its members serve besides. */
import { hanseSchemas, hanseTypes } from '../../shared/api/index.ts';
import { builtinSchemas, builtinTypes, type ServiceAddresses } from '../../shared/kube/builtin/index.ts';
import type { ResourceType } from '../../shared/kube/resource.ts';
import { createSchemaSet, type SchemaData, type SchemaSet } from '../../shared/kube/schema/index.ts';
import { createRegistry, type ResourceTypeRegistry } from '../../shared/kube/server/index.ts';

/** Kinds that members may add in all; more are refused. */
export const MEMBER_KINDS_MAX = 2_000;

/** The kinds and their schemas, as they are now. */
export type ServedKinds = {
  readonly registry: ResourceTypeRegistry;
  readonly schemas: () => SchemaSet;
  /**
   * Replaces what the members serve besides the hub's own kinds; kinds that are served already keep their definition. Answers how many
   * were left out because of {@link MEMBER_KINDS_MAX}.
   */
  readonly setMemberKinds: (types: readonly ResourceType[], schemas: SchemaData) => number;
};

/** The kinds a hub has before its first member joins. `addresses` gives Services their cluster IPs and node ports; absent = none are given. */
export const createServedKinds = (addresses?: ServiceAddresses): ServedKinds => {
  const own = [...builtinTypes(addresses), ...hanseTypes()];
  const ownKeys = new Set(own.map(keyOf));
  const registry = createRegistry(own);
  const ownSchemas: readonly SchemaData[] = [...builtinSchemas, { schemas: hanseSchemas }];
  let schemas = createSchemaSet(...ownSchemas);
  let members: readonly ResourceType[] = [];

  return {
    registry,
    schemas: () => schemas,
    setMemberKinds: (types, memberSchemas) => {
      const added = types.filter((type) => !ownKeys.has(keyOf(type)));
      const kept = added.slice(0, MEMBER_KINDS_MAX);
      const keptKeys = new Set(kept.map(keyOf));
      // Own schemas come last: a member cannot change what a built-in kind is.
      schemas = createSchemaSet(memberSchemas, ...ownSchemas);
      for (const type of members) if (!keptKeys.has(keyOf(type))) registry.remove(type.group, type.version, type.resource);
      registry.add(kept);
      members = kept;
      return added.length - kept.length;
    },
  };
};

const keyOf = ({ group, version, resource }: ResourceType): string => `${group}/${version}/${resource}`;
