/** @module What `hanse explain` says of policies: which lost against the one that holds, which terms do nothing, and why none selects an object. */
import { type Cluster, clusters } from '../../shared/api/cluster.ts';
import { whyOwn } from '../../shared/api/own-objects.ts';
import type { Placement } from '../../shared/api/placement.ts';
import type { PolicySpec } from '../../shared/api/policy.ts';
import type { Collection, KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { keyOf } from '../../shared/kube/storage/index.ts';
import { nearNames } from '../../shared/lib/near-names.ts';
import { type CompiledPolicy, compilePolicy, policyFor, rivalsOf } from '../../shared/placement/index.ts';
import { referencesOf, selectedOf, serviceSelects, unselectedText } from '../control/index.ts';
import { idleTerms } from './idle-terms.ts';
import type { ServedKind } from './kinds.ts';

/** Whom to ask, and where; `namespace` is '' for objects of none. */
export type PolicySources = { readonly client: KubeClient; readonly namespace: string; readonly served: readonly ServedKind[] };

/** Policies that are named; the rest is counted. */
const rivalsMax = 5;
/** Placed workloads of the namespace that are looked at for one that names the object. */
const leadersMax = 200;

const policyKinds = ['placementpolicies', 'clusterplacementpolicies'];

/** What may not be listed is not told of. */
const listed = async (
  client: KubeClient,
  collection: Collection,
  options: { readonly limit?: number } = {},
): Promise<readonly KubeObject[]> => {
  try {
    return (await client.list(collection, options)).items;
  } catch {
    return [];
  }
};

type Known = { readonly policy: CompiledPolicy; readonly spec: PolicySpec };

const policiesOf = async ({ client }: PolicySources): Promise<readonly Known[]> => {
  const found = await Promise.all(policyKinds.map((resource) => listed(client, { group: 'hanse.dev', version: 'v1alpha1', resource })));
  return found.flat().map(({ metadata, spec }) => ({
    policy: compilePolicy(metadata.namespace ?? '', metadata.name, spec as PolicySpec),
    spec: spec as PolicySpec,
  }));
};

const get = async ({ client, namespace }: PolicySources, { group, version, resource }: ServedKind, name: string) =>
  client.get({ group, version, resource, ...(namespace === '' ? {} : { namespace }), name });

/** The kind that a reference names. */
const kindOf = (kinds: readonly ServedKind[], ref: { readonly apiVersion: string; readonly kind: string }): ServedKind | undefined =>
  kinds.find(({ group, version, kind }) => kind === ref.kind && (group === '' ? version : `${group}/${version}`) === ref.apiVersion);

/** Lines on the policies of a placed object: those that select it too, and terms of its own that match no cluster. */
export const policyRemarks = async (sources: PolicySources, { spec: { workload, policy: id } }: Placement): Promise<string[]> => {
  const kind = kindOf(sources.served, workload);
  const object = kind === undefined ? undefined : await get(sources, kind, workload.name);
  const known = await policiesOf(sources);
  const rivals =
    object === undefined
      ? []
      : rivalsOf(
          known.map(({ policy }) => policy),
          selectedOf(object),
        );
  const own = known.find(({ policy }) => policy.id === id);
  const idle = own === undefined ? [] : idleTerms(own.spec, (await listed(sources.client, clusters)) as unknown as readonly Cluster[]);
  return [
    ...rivals.slice(0, rivalsMax).map(({ policy, why }) => `also selected by: ${policy.id} (${why})`),
    ...(rivals.length > rivalsMax ? [`also selected by: ${rivals.length - rivalsMax} more`] : []),
    ...idle.map((text) => `policy ${id}: ${text}`),
  ];
};

/** A placed workload that names the object, or whose pods a Service selects. */
const leaderOf = async (
  sources: PolicySources,
  { group, resource }: ServedKind,
  object: KubeObject,
  placements: readonly Placement[],
): Promise<string | undefined> => {
  const key = keyOf(group, resource, sources.namespace, object.metadata.name);
  for (const { spec } of placements.slice(0, leadersMax)) {
    const kind = kindOf(sources.served, spec.workload);
    const workload = kind === undefined ? undefined : await get(sources, kind, spec.workload.name);
    if (workload === undefined) continue;
    const isNamed = referencesOf(workload).includes(key) || (object.kind === 'Service' && serviceSelects(object, workload));
    if (isNamed) return `${workload.kind.toLowerCase()}/${workload.metadata.name}`;
  }
  return undefined;
};

/** Names that are asked for as meant. */
const meantMax = 3;
/** Objects of a kind whose names are looked at. */
const meantAmong = 500;

/** `: did you mean web?`, by the names of those that may be listed; '' when none is near. */
const meantText = async ({ client, namespace }: PolicySources, kinds: readonly ServedKind[], name: string): Promise<string> => {
  const at = namespace === '' ? {} : { namespace };
  const found = await Promise.all(
    kinds.map(({ group, version, resource }) => listed(client, { group, version, resource, ...at }, { limit: meantAmong })),
  );
  const meant = nearNames(
    name,
    found.flat().map(({ metadata }) => metadata.name),
    meantMax,
  );
  return meant.length === 0 ? '' : `: did you mean ${meant.join(' or ')}?`;
};

/** Why there is no decision on an object: it is not there, it follows a workload, or no policy selects it. */
export const absentText = async (
  sources: PolicySources,
  kinds: readonly ServedKind[],
  name: string,
  placements: readonly Placement[],
): Promise<string> => {
  const { namespace } = sources;
  for (const kind of kinds) {
    const object = await get(sources, kind, name);
    if (object === undefined) continue;
    const text = `${kind.kind.toLowerCase()}/${name}`;
    const leader = namespace === '' ? undefined : await leaderOf(sources, kind, object, placements);
    if (leader !== undefined) return `${text} follows ${leader} to its clusters: hanse explain ${leader} -n ${namespace}`;
    const policies = (await policiesOf(sources)).map(({ policy }) => policy);
    const [selecting] =
      whyOwn(object) !== undefined ? [] : policies.filter((policy) => policyFor([policy], selectedOf(object)) !== undefined);
    return selecting === undefined
      ? `${text}: ${unselectedText(object, policies)}`
      : `${text}: policy ${selecting.id} selects it, and nothing is decided yet`;
  }
  const where = namespace === '' ? '' : ` in namespace ${namespace}`;
  return `there is no ${kinds[0]?.kind.toLowerCase() ?? 'object'}/${name}${where}${await meantText(sources, kinds, name)}`;
};
