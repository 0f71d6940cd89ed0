/** @module All that can be wrong with an object: metadata, schema, the kind's own rules. */
import {
  invalid,
  labelName,
  type NameRule,
  pathSegmentName,
  subdomainName,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../names/index.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType, Strategy } from '../resource.ts';
import type { StatusCause } from '../status-error.ts';
import type { ServerContext } from './context.ts';
import { schemaFaults } from './machinery.ts';

/** What may be a name of this kind. */
const nameRuleOf = (type: ResourceType): NameRule => {
  const own = type.validateName;
  if (own !== undefined) return (name, prefix) => [...own(name, prefix)];
  if (type.group === '' && type.resource === 'namespaces') return labelName;
  if (type.group === 'rbac.authorization.k8s.io') return pathSegmentName;
  return subdomainName;
};

/** Faults of a new object. */
export const createFaults = (server: ServerContext, type: ResourceType, object: KubeObject): StatusCause[] => {
  const first = type.strategy.validateFirst?.(object) ?? [];
  if (first.length > 0) return distinct(first);
  return distinct([
    ...validateObjectMeta(object, type.namespaced, nameRuleOf(type)),
    ...finalizerFaults(type, object),
    ...valueFaults(server, type, object, type.strategy.validate?.(object) ?? []),
  ]);
};

/** Faults of an object that was changed at one of its endpoints ('' = the object itself). */
export const updateFaults = (
  server: ServerContext,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
  subresource: string,
): StatusCause[] =>
  distinct([
    ...validateObjectMetaUpdate(object, old),
    ...finalizerFaults(type, object),
    ...valueFaults(server, type, object, changeFaults(type.strategy, object, old, subresource)),
  ]);

/** What schema and kind say of the values, each fault once. */
const valueFaults = (
  server: ServerContext,
  type: ResourceType,
  object: KubeObject,
  own: readonly StatusCause[],
): readonly StatusCause[] => {
  const bySchema = schemaFaults(server, type, object);
  if (type.strategy.tellsSchema !== true || own.length === 0) return [...bySchema, ...own];
  return [...bySchema.filter(({ field = '' }) => field !== '<nil>' && !own.some((fault) => isAtOrBelow(fault.field ?? '', field))), ...own];
};

const isAtOrBelow = (field: string, above: string): boolean =>
  field === above || (field.startsWith(above) && ['.', '['].includes(field[above.length] ?? ''));

const changeFaults = (strategy: Strategy, object: KubeObject, old: KubeObject, subresource: string): StatusCause[] => {
  if (subresource === 'status') return strategy.validateStatus?.(object, old) ?? [];
  // Finalizing and binding set what the kind's strategy keeps everyone else from changing.
  const ofChange = subresource === 'finalize' || subresource === 'binding' ? undefined : strategy.validateUpdate;
  return ofChange?.(object, old) ?? strategy.validate?.(object) ?? [];
};

/** Finalizers that need no domain (core/v1 `FinalizerName`, meta/v1). */
const STANDARD_FINALIZERS: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** Finalizers of built-in kinds are standard ones or have a domain. */
const finalizerFaults = (type: ResourceType, object: KubeObject): StatusCause[] =>
  (type.strategicMerge ? (object.metadata.finalizers ?? []) : []).flatMap((name, index) =>
    name.includes('/') || STANDARD_FINALIZERS.includes(name)
      ? []
      : [invalid(`metadata.finalizers[${index}]`, name, 'name is neither a standard finalizer name nor is it fully qualified')],
  );

/** A fault that two rules find is told once. */
const distinct = (causes: readonly StatusCause[]): StatusCause[] => {
  const seen = new Set<string>();
  return causes.filter((cause) => {
    const text = `${cause.field}\u0000${cause.message}`;
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
};
