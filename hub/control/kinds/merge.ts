/** @module Which kinds the hub serves for its clusters: decided from what each says it serves. Pure; the same facts make the same kinds. */
import { customSchemaName, type KindDocument } from '../../../shared/kube/custom/index.ts';
import { compareVersions } from '../../../shared/kube/server/index.ts';

/** A kind that a cluster serves: which one, and the hash of its document. */
export type ClusterKind = { readonly group: string; readonly version: string; readonly resource: string; readonly hash: string };

/** A document the hub holds: what it says but its schema; or why it is refused. */
export type KnownDocument =
  | { readonly ok: true; readonly facts: Omit<KindDocument, 'schema'> }
  | { readonly ok: false; readonly message: string };

/** What is decided from. */
export type MergeInput = {
  /** Kinds by cluster, of clusters that exist. */
  readonly clusters: ReadonlyMap<string, readonly ClusterKind[]>;
  readonly documents: ReadonlyMap<string, KnownDocument>;
  /** True when objects of a resource are stored: its kinds stay although no cluster serves them. */
  readonly hasObjects: (group: string, resource: string) => boolean;
  /** What was served before, by {@link kindKey}: kept for resources with objects, and where nothing else decides. */
  readonly before: ReadonlyMap<string, string>;
  readonly kindsMax: number;
};

/** A kind to serve: the document that describes it and the version its objects are kept in. */
export type MergedKind = { readonly key: string; readonly hash: string; readonly storageVersion: string };

/** What was decided. */
export type Merged = {
  readonly kinds: readonly MergedKind[];
  /** What is wrong with the kinds of a cluster, for people; clusters where all is well are not in it. */
  readonly troubles: ReadonlyMap<string, readonly string[]>;
};

/** `group/version/resource`. */
export const kindKey = ({ group, version, resource }: Omit<ClusterKind, 'hash'>): string => `${group}/${version}/${resource}`;

type Vote = { readonly hash: string; readonly facts: Omit<KindDocument, 'schema'>; readonly clusters: string[] };

/** More clusters first, then what was served before, then the smaller hash. */
const byVotes =
  (before: string | undefined) =>
  (a: Vote, b: Vote): number =>
    b.clusters.length - a.clusters.length || Number(b.hash === before) - Number(a.hash === before) || (a.hash < b.hash ? -1 : 1);

/** Decides. Where clusters differ on a kind, the document most of them have is served; the others are told. */
export const mergeKinds = (input: MergeInput): Merged => {
  const troubles = new Map<string, string[]>();
  const say = (cluster: string, text: string): void => {
    troubles.set(cluster, [...(troubles.get(cluster) ?? []), text]);
  };
  const votes = collectVotes(input, say);
  const chosen = new Map<string, Vote>();
  for (const [key, all] of votes) {
    const [first, ...others] = [...all.values()].sort(byVotes(input.before.get(key)));
    if (first === undefined) continue;
    chosen.set(key, first);
    for (const other of others)
      for (const cluster of other.clusters)
        say(cluster, `${key} is defined otherwise in ${first.clusters.length || 'earlier'} clusters; the hub serves their definition`);
  }
  const kinds = withinResources(chosen, say)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((kind, at) => ({ kind, fits: at < input.kindsMax }));
  for (const { kind, fits } of kinds)
    if (!fits)
      for (const cluster of chosen.get(kind.key)?.clusters ?? [])
        say(cluster, `${kind.key} is left out: the hub serves ${input.kindsMax} kinds of members at most`);
  return { kinds: kinds.filter(({ fits }) => fits).map(({ kind }) => kind), troubles };
};

/** Documents by kind, with the clusters that say them; kinds of stored objects that nobody serves have a vote without clusters. */
const collectVotes = (input: MergeInput, say: (cluster: string, text: string) => void): Map<string, Map<string, Vote>> => {
  const { clusters, documents, before, hasObjects } = input;
  const votes = new Map<string, Map<string, Vote>>();
  const voteFor = (key: string, hash: string, facts: Vote['facts']): Vote => {
    const all = votes.get(key) ?? new Map<string, Vote>();
    votes.set(key, all);
    const vote = all.get(hash) ?? { hash, facts, clusters: [] };
    all.set(hash, vote);
    return vote;
  };
  for (const cluster of [...clusters.keys()].sort()) {
    for (const kind of clusters.get(cluster) ?? []) {
      const document = documents.get(kind.hash);
      const key = kindKey(kind);
      // Not here yet: it has been asked for.
      if (document === undefined) continue;
      if (!document.ok) say(cluster, `${key} is refused: ${document.message}`);
      else if (kindKey(document.facts) !== key) say(cluster, `${key} is refused: its document is of ${kindKey(document.facts)}`);
      else voteFor(key, kind.hash, document.facts).clusters.push(cluster);
    }
  }
  for (const [key, hash] of before) {
    const document = documents.get(hash);
    if (votes.has(key) || document?.ok !== true) continue;
    if (hasObjects(document.facts.group, document.facts.resource)) voteFor(key, hash, document.facts);
  }
  return votes;
};

/** Of one resource all versions must be of one kind and scope, and one version is the stored one. */
const withinResources = (chosen: ReadonlyMap<string, Vote>, say: (cluster: string, text: string) => void): MergedKind[] => {
  const resources = Map.groupBy([...chosen], ([, { facts }]) => `${facts.group}/${facts.resource}`);
  const schemaNames = new Set<string>();
  const kinds: MergedKind[] = [];
  for (const [, members] of [...resources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const ordered = members.toSorted(
      ([, a], [, b]) => b.clusters.length - a.clusters.length || compareVersions(a.facts.version, b.facts.version),
    );
    const [, lead] = ordered[0] ?? [];
    if (lead === undefined) continue;
    for (const [key, vote] of ordered) {
      const { facts } = vote;
      const name = customSchemaName(facts.group, facts.version, facts.kind);
      const refusal = refusalBeside(lead.facts, facts, schemaNames.has(name));
      if (refusal === undefined) {
        schemaNames.add(name);
        kinds.push({ key, hash: vote.hash, storageVersion: lead.facts.version });
      } else for (const cluster of vote.clusters) say(cluster, `${key} is not served by the hub: ${refusal}`);
    }
  }
  return kinds;
};

const refusalBeside = (lead: Vote['facts'], facts: Vote['facts'], isNameTaken: boolean): string | undefined => {
  if (facts.kind !== lead.kind) return `other clusters call the kind of ${lead.resource}.${lead.group} ${lead.kind}`;
  if (facts.namespaced !== lead.namespaced)
    return `in other clusters ${lead.resource}.${lead.group} is ${lead.namespaced ? '' : 'not '}namespaced`;
  if (isNameTaken) return `another resource of ${lead.group} has the kind ${facts.kind}`;
  // A webhook of the members turns one version into another; the hub cannot.
  const isAlike = (facts.versionsAlike && lead.versionsAlike) || facts.version === lead.version;
  return isAlike ? undefined : `a webhook converts its versions; the hub serves ${lead.version} only`;
};
