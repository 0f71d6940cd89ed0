/** @module What placement policies say of kinds, held against the kinds that the hub and its members serve. */
import { hanseGroup, type ResourceSelector } from '../../shared/api/index.ts';
import { invalid } from '../../shared/kube/names/index.ts';
import { type KubeObject, parseApiVersion } from '../../shared/kube/object.ts';
import type { ResourceType } from '../../shared/kube/resource.ts';
import type { ResourceTypeRegistry } from '../../shared/kube/server/index.ts';
import type { StatusCause } from '../../shared/kube/status-error.ts';

const policyKinds = new Set(['PlacementPolicy', 'ClusterPlacementPolicy']);

const selectorsOf = (policy: KubeObject): readonly ResourceSelector[] =>
  (policy as { spec?: { resourceSelectors?: readonly ResourceSelector[] } }).spec?.resourceSelectors ?? [];

/** The served versions of the kind that a selector names. */
const servedAs = ({ apiVersion, kind }: ResourceSelector, registry: Pick<ResourceTypeRegistry, 'all'>): readonly ResourceType[] => {
  const { group } = parseApiVersion(apiVersion);
  return registry.all().filter((type) => type.group === group && type.kind === kind);
};

const apiVersionOf = ({ group, version }: ResourceType): string => (group === '' ? version : `${group}/${version}`);

/** A selector that can never select: objects of no namespace, in a namespace. */
const scopeFault = (
  policyKind: string,
  selector: ResourceSelector,
  path: string,
  registry: Pick<ResourceTypeRegistry, 'all'>,
): StatusCause[] => {
  const { kind, namespace } = selector;
  const isClusterScoped = servedAs(selector, registry).some(({ namespaced }) => !namespaced);
  if (!isClusterScoped) return [];
  if (policyKind === 'PlacementPolicy') {
    const why =
      'objects of this kind are in no namespace, and a PlacementPolicy governs those of its own; select it in a ClusterPlacementPolicy';
    return [invalid(`${path}.kind`, kind, why)];
  }
  return namespace === undefined
    ? []
    : [invalid(`${path}.namespace`, namespace, `objects of kind ${kind} are in no namespace; remove the field`)];
};

/** A kind may come with a member: that nobody serves it is no fault. */
const unservedWarning = (selector: ResourceSelector, path: string, registry: Pick<ResourceTypeRegistry, 'all'>): string[] => {
  const { apiVersion, kind } = selector;
  const served = servedAs(selector, registry).map(apiVersionOf);
  if (served.includes(apiVersion)) return [];
  const mend =
    served.length === 0
      ? 'it selects nothing until one does; kubectl api-resources lists what is served'
      : `served is ${served.join(', ')}: write that, or it selects nothing`;
  return [`${path}: neither the hub nor a member serves ${kind} of ${apiVersion}; ${mend}`];
};

/** The types, of which policies also look at what is served. */
export const lookingAtServedKinds = (types: readonly ResourceType[], registry: () => Pick<ResourceTypeRegistry, 'all'>): ResourceType[] =>
  types.map((type) => {
    if (type.group !== hanseGroup || !policyKinds.has(type.kind)) return type;
    const { validate, warnings } = type.strategy;
    const each = <T>(policy: KubeObject, tell: (selector: ResourceSelector, path: string) => T[]): T[] =>
      selectorsOf(policy).flatMap((selector, index) => tell(selector, `spec.resourceSelectors[${index}]`));
    return {
      ...type,
      strategy: {
        ...type.strategy,
        validate: (policy) => {
          const faults = validate?.(policy) ?? [];
          return faults.length > 0 ? faults : each(policy, (selector, path) => scopeFault(type.kind, selector, path, registry()));
        },
        warnings: (policy, old) => [
          ...(warnings?.(policy, old) ?? []),
          ...each(policy, (selector, path) => unservedWarning(selector, path, registry())),
        ],
      },
    };
  });
