/** @module Which kinds the hub serves: the built-in ones, its own, and what its members serve besides. */
import { setFlagsFromString } from 'node:v8';
import { hanseSchemas, hanseTypes, sayingWhatIsStoredOnly } from '../../shared/api/index.ts';
import { builtinSchemas, builtinTypes, type ServiceAddresses } from '../../shared/kube/builtin/index.ts';
import type { OpenApiSchema, ResourceType } from '../../shared/kube/resource.ts';
import { createSchemaSet, extendSchemaSet, type SchemaSet } from '../../shared/kube/schema/index.ts';
import { createRegistry, type ResourceTypeRegistry } from '../../shared/kube/server/index.ts';
import { lookingAtServedKinds } from './policy-kinds.ts';

/** Kinds that members may add in all; more are refused. */
export const MEMBER_KINDS_MAX = 2_000;

/** The kinds and their schemas, as they are now. */
export type ServedKinds = {
  readonly registry: ResourceTypeRegistry;
  readonly schemas: () => SchemaSet;
  /** Resource names, singulars and short names of the hub's own kinds: no member's kind may be called so for short. */
  readonly ownNames: ReadonlySet<string>;
  /**
   * Replaces what the members serve besides the hub's own kinds; kinds that are served already keep their definition. `schemas` by schema
   * name, read when first needed. Answers how many were left out because of {@link MEMBER_KINDS_MAX}.
   */
  readonly setMemberKinds: (types: readonly ResourceType[], schemas: ReadonlyMap<string, () => OpenApiSchema>) => number;
};

/** Services that name the same address may go to different clusters: each member tells what is taken there. */
const withoutTaken = ({ takenBesides: _, ...addresses }: ServiceAddresses): ServiceAddresses => addresses;

/** The kinds a hub has before its first member joins. `addresses` gives Services their cluster IPs and node ports; absent = none are given. */
export const createServedKinds = (addresses?: ServiceAddresses): ServedKinds => {
  // Patterns in members' schemas then run in time linear to the text (see shared/kube/schema/validate.ts).
  setFlagsFromString('--enable-experimental-regexp-engine');
  const own = [
    ...sayingWhatIsStoredOnly(builtinTypes(addresses === undefined ? undefined : withoutTaken(addresses)), 'hub'),
    ...lookingAtServedKinds(hanseTypes(), (): ResourceTypeRegistry => registry),
  ];
  const ownKeys = new Set(own.map(keyOf));
  const registry: ResourceTypeRegistry = createRegistry(own);
  const ownSchemas = createSchemaSet(...builtinSchemas, { schemas: hanseSchemas });
  let schemas = ownSchemas;
  let members: readonly ResourceType[] = [];

  return {
    registry,
    schemas: () => schemas,
    ownNames: new Set(own.flatMap(({ resource, singular, shortNames }) => [resource, singular, ...shortNames])),
    setMemberKinds: (types, memberSchemas) => {
      const added = types.filter((type) => !ownKeys.has(keyOf(type)));
      const kept = added.slice(0, MEMBER_KINDS_MAX);
      const keptKeys = new Set(kept.map(keyOf));
      // Own schemas win: a member cannot change what a built-in kind is.
      schemas = extendSchemaSet(ownSchemas, memberSchemas);
      for (const type of members) if (!keptKeys.has(keyOf(type))) registry.remove(type.group, type.version, type.resource);
      registry.add(kept);
      members = kept;
      return added.length - kept.length;
    },
  };
};

const keyOf = ({ group, version, resource }: ResourceType): string => `${group}/${version}/${resource}`;
