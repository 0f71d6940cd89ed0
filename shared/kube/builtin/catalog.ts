/** @module Every kind a Kubernetes API server has of its own, from the recorded discovery and the hand-written parts. */
import { subdomainName } from '../names/index.ts';
import { parseApiVersion } from '../object.ts';
import type { ResourceType, Strategy, SubresourceType, TableCells, TableColumn } from '../resource.ts';
import { cellsOf } from './cells/index.ts';
import defaults from './data/defaults.json' with { type: 'json' };
import discovery from './data/discovery.json' with { type: 'json' };
import openapi from './data/openapi.json' with { type: 'json' };
import types from './data/types.json' with { type: 'json' };
import type { KindParts } from './kind.ts';
import { kindParts } from './kinds/index.ts';
import type { ServiceAddresses } from './kinds/services.ts';
import { at, textAt } from './read.ts';
import { schemaNameOf } from './schema-name.ts';

/** A line of the recorded discovery; subresources are `deployments/scale`. */
type DiscoveredResource = {
  readonly name: string;
  readonly singularName: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
};

const resources = discovery.resources as unknown as Readonly<Record<string, readonly DiscoveredResource[]>>;
const columns = discovery.columns as unknown as Readonly<Record<string, readonly TableColumn[]>>;

const subresourcesOf = (all: readonly DiscoveredResource[], resource: string): SubresourceType[] =>
  all
    .filter(({ name }) => name.startsWith(`${resource}/`) && !name.endsWith('/status') && !name.endsWith('/scale'))
    .map(({ name, kind, group, version, verbs }) => ({
      name: name.slice(resource.length + 1),
      kind,
      ...(group === undefined ? {} : { group }),
      ...(version === undefined ? {} : { version }),
      verbs,
    }));

/** Resources whose DELETE answers the object (`ReturnDeletedObject` in kubernetes `pkg/registry`); the others answer a Status. */
const answerDeleted = new Set([
  '/persistentvolumeclaims',
  '/persistentvolumes',
  '/pods',
  '/podtemplates',
  '/resourcequotas',
  '/serviceaccounts',
  '/services',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'resource.k8s.io/resourceslices',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/volumeattachments',
]);

/** Rows are made from the stored version. */
const storedCells = (cells: TableCells, parts: KindParts): TableCells => {
  const { conversion } = parts;
  return conversion === undefined ? cells : (object, nowMs) => cells(conversion.toStorage(object), nowMs);
};

/** What Go writes for the status of a new object of a kind: `{}`, or zeros that have no `omitempty`. */
const emptyStatusOf = (schemaName: string): unknown => {
  if (at(types.always, schemaName, 'status') === undefined && at(defaults.defaults, schemaName, 'status') === undefined) return undefined;
  const status = at(openapi.schemas, schemaName, 'properties', 'status');
  const reference = textAt(status, '$ref') || textAt(status, 'allOf', 0, '$ref');
  const definition = reference.slice(reference.lastIndexOf('/') + 1);
  return at(types.always, definition) ?? at(defaults.defaults, definition) ?? {};
};

/** Every built-in kind may be written without a resourceVersion, but for a few whose parts say otherwise; status begins empty. */
const strategyOf = (parts: KindParts, schemaName: string, hasStatus: boolean): Strategy => {
  const own = parts.strategy ?? {};
  const status = hasStatus ? emptyStatusOf(schemaName) : undefined;
  const prepareForCreate: Strategy['prepareForCreate'] = (object, context) => {
    const prepared = own.prepareForCreate?.(object, context) ?? object;
    return prepared.status === undefined && status !== undefined ? { ...prepared, status } : prepared;
  };
  return { allowUnconditionalUpdate: true, ...own, prepareForCreate };
};

const toType = (
  groupVersion: string,
  all: readonly DiscoveredResource[],
  one: DiscoveredResource,
  addresses: ServiceAddresses | undefined,
): ResourceType => {
  const { group, version } = parseApiVersion(groupVersion);
  const parts = kindParts(group, version, one.name, addresses);
  const schemaName = schemaNameOf(group, version, one.kind);
  const hasStatus = all.some(({ name }) => name === `${one.name}/status`);
  return {
    group,
    version,
    kind: one.kind,
    listKind: `${one.kind}List`,
    resource: one.name,
    singular: one.singularName,
    shortNames: one.shortNames ?? [],
    categories: one.categories ?? [],
    namespaced: one.namespaced,
    verbs: one.verbs,
    schemaName,
    hasStatus,
    ...(parts.scale === undefined ? {} : { scale: parts.scale }),
    subresources: subresourcesOf(all, one.name),
    validateName: parts.name ?? subdomainName,
    tracksGeneration: parts.tracksGeneration ?? false,
    strategicMerge: true,
    ...(one.storageVersionHash === undefined ? {} : { storageVersionHash: one.storageVersionHash }),
    answersDeleted: answerDeleted.has(`${group}/${one.name}`),
    strategy: strategyOf(parts, schemaName, hasStatus),
    columns: columns[`${groupVersion}/${one.name}`] ?? [],
    cells: storedCells(cellsOf(group, one.name), parts),
    ...(parts.selectableFields === undefined ? {} : { selectableFields: parts.selectableFields }),
    ...(parts.deprecation === undefined ? {} : { deprecation: parts.deprecation }),
    ...(parts.conversion === undefined ? {} : { conversion: parts.conversion }),
  };
};

/**
 * All built-in kinds, in the order of the recorded discovery. `addresses` gives out cluster IPs and node ports of Services; without it only
 * Services that name an address have one.
 */
export const builtinTypes = (addresses?: ServiceAddresses): ResourceType[] =>
  Object.entries(resources).flatMap(([groupVersion, all]) =>
    all.filter(({ name }) => !name.includes('/')).map((one) => toType(groupVersion, all, one, addresses)),
  );
