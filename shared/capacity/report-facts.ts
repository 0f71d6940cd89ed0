/**
 * @module What a report says besides its columns, as keyed facts in sections: one way to compareText, to send a change, and to hash for all of
 * them. Values are JSON; a fact is equal when its JSON text is.
 */

import { compareText } from '../lib/compare-text.ts';
import type { PodKind } from './node.ts';
import type { CapacityReport, FactsPatch, GpuUse, NodeGroup, PendingDemand, PodSet, WorkSet } from './report.ts';
import { addFact, type StateHash } from './report-hash.ts';

/** The sections of facts. */
export const factSections = [
  'meta',
  'groups',
  'podKinds',
  'podSets',
  'works',
  'workSets',
  'pending',
  'runtimeClasses',
  'networks',
  'acks',
  'present',
  'quotas',
  'potential',
  'draKinds',
  'draPools',
  'gpuUse',
] as const;

/** A section's name. */
export type FactSection = (typeof factSections)[number];

/** Facts by section and key, each with its JSON text. */
export type Facts = Map<FactSection, Map<string, { readonly value: unknown; readonly json: string }>>;

const without = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value;
  return rest;
};

/** The facts of a report. */
export const factsOf = (report: CapacityReport): Facts => {
  const facts: Facts = new Map();
  const put = (section: FactSection, key: string, value: unknown): void => {
    const known = facts.get(section) ?? new Map();
    facts.set(section, known);
    known.set(key, { value, json: JSON.stringify(value) });
  };
  put('meta', 'complete', report.complete);
  put('meta', 'unsupported', report.unsupported);
  const nowSeconds = Math.floor(report.observedAtMs / 1_000);
  for (const group of report.groups) put('groups', String(group.id), without(group, 'id'));
  for (const set of report.podSets ?? []) put('podSets', String(set.id), set.pods);
  for (const { id, workId } of report.works ?? []) put('works', String(id), workId);
  for (const set of report.workSets ?? []) put('workSets', String(set.id), set.pods);
  for (const kind of report.podKinds ?? []) put('podKinds', String(kind.id), without(kind, 'id'));
  // The age grows with every report, the time of birth does not.
  for (const { shapeHash, oldestSeconds, ...demand } of report.pending)
    put('pending', shapeHash, { ...demand, since: nowSeconds - oldestSeconds });
  for (const entry of report.runtimeClasses) put('runtimeClasses', entry.name, without(entry, 'name'));
  for (const { namespace, name, ...rest } of report.networks) put('networks', `${namespace}/${name}`, rest);
  for (const [id, seq] of Object.entries(report.acks)) put('acks', id, seq);
  for (const [id, counts] of Object.entries(report.present)) put('present', id, counts);
  for (const { namespace, name, ...rest } of report.quotas ?? []) put('quotas', `${namespace}/${name}`, rest);
  for (const { source, name, ...rest } of report.potential ?? []) put('potential', `${source}/${name}`, rest);
  for (const kind of report.dra?.kinds ?? []) put('draKinds', String(kind.id), without(kind, 'id'));
  for (const { driver, pool, node, ...rest } of report.dra?.pools ?? []) put('draPools', `${driver} ${pool} ${node}`, rest);
  for (const use of report.gpuUse ?? []) put('gpuUse', use.product, without(use, 'product'));
  return facts;
};

/** What a report is made of besides the columns and its head. */
export type FactFields = Omit<CapacityReport, 'kind' | 'epoch' | 'seq' | 'observedAtMs' | 'sources' | 'resourceNames' | 'nodes'>;

const splitKey = (key: string, separator: string): [string, string] => {
  const at = key.indexOf(separator);
  return [key.slice(0, at), key.slice(at + 1)];
};

/** The entries of a section, by a total order of their keys; values have been checked when they came. */
const entriesOf = <T>(facts: Facts, section: FactSection): [string, T][] =>
  [...(facts.get(section) ?? [])].map(([key, { value }]): [string, T] => [key, value as T]).sort(([a], [b]) => compareText(a, b));

const byNumber = <T extends { readonly id: number }>(list: T[]): T[] => list.sort((a, b) => a.id - b.id);

type Listed<K extends 'runtimeClasses' | 'networks'> = CapacityReport[K][number];

/** The fields of one section; sections without entries are left out where the report may lack them. */
const builders: { readonly [S in FactSection]: (facts: Facts, observedAtMs: number) => Partial<FactFields> } = {
  meta: (facts) => {
    const meta = facts.get('meta');
    return { complete: meta?.get('complete')?.value === true, unsupported: (meta?.get('unsupported')?.value ?? []) as string[] };
  },
  groups: (facts) => ({
    groups: byNumber(entriesOf<Omit<NodeGroup, 'id'>>(facts, 'groups').map(([id, group]) => ({ id: Number(id), ...group }))),
  }),
  podKinds: (facts) => {
    const podKinds = byNumber(entriesOf<PodKind>(facts, 'podKinds').map(([id, kind]) => ({ id: Number(id), ...kind })));
    return podKinds.length === 0 ? {} : { podKinds };
  },
  podSets: (facts) => {
    const podSets = byNumber(entriesOf<PodSet['pods']>(facts, 'podSets').map(([id, pods]) => ({ id: Number(id), pods })));
    return podSets.length === 0 ? {} : { podSets };
  },
  works: (facts) => {
    const works = byNumber(entriesOf<string>(facts, 'works').map(([id, workId]) => ({ id: Number(id), workId })));
    return works.length === 0 ? {} : { works };
  },
  workSets: (facts) => {
    const workSets = byNumber(entriesOf<WorkSet['pods']>(facts, 'workSets').map(([id, pods]) => ({ id: Number(id), pods })));
    return workSets.length === 0 ? {} : { workSets };
  },
  pending: (facts, observedAtMs) => ({
    pending: entriesOf<Omit<PendingDemand, 'shapeHash' | 'oldestSeconds'> & { readonly since: number }>(facts, 'pending')
      .map(([shapeHash, { since, ...demand }]) => ({
        shapeHash,
        oldestSeconds: Math.max(0, Math.floor(observedAtMs / 1_000) - since),
        ...demand,
      }))
      .sort((a, b) => b.count - a.count || compareText(a.shapeHash, b.shapeHash)),
  }),
  runtimeClasses: (facts) => ({
    runtimeClasses: entriesOf<Omit<Listed<'runtimeClasses'>, 'name'>>(facts, 'runtimeClasses').map(([name, rest]) => ({ name, ...rest })),
  }),
  networks: (facts) => ({
    networks: entriesOf<{ readonly resource?: string }>(facts, 'networks').map(([key, rest]) => {
      const [namespace, name] = splitKey(key, '/');
      return { namespace, name, ...rest };
    }),
  }),
  acks: (facts) => ({ acks: Object.fromEntries(entriesOf<number>(facts, 'acks')) }),
  present: (facts) => ({ present: Object.fromEntries(entriesOf<CapacityReport['present'][string]>(facts, 'present')) }),
  quotas: (facts) => {
    const quotas = entriesOf<Omit<NonNullable<CapacityReport['quotas']>[number], 'namespace' | 'name'>>(facts, 'quotas').map(
      ([key, rest]) => {
        const [namespace, name] = splitKey(key, '/');
        return { namespace, name, ...rest };
      },
    );
    return quotas.length === 0 ? {} : { quotas };
  },
  potential: (facts) => {
    type Pool = NonNullable<CapacityReport['potential']>[number];
    const potential = entriesOf<Omit<Pool, 'source' | 'name'>>(facts, 'potential').map(([key, rest]) => {
      const [source, name] = splitKey(key, '/');
      return { source: source as Pool['source'], name, ...rest };
    });
    return potential.length === 0 ? {} : { potential };
  },
  draKinds: (facts) => draOf(facts),
  draPools: (facts) => draOf(facts),
  gpuUse: (facts) => {
    const gpuUse = entriesOf<Omit<GpuUse, 'product'>>(facts, 'gpuUse').map(([product, rest]): GpuUse => ({ product, ...rest }));
    return gpuUse.length === 0 ? {} : { gpuUse };
  },
};

const draOf = (facts: Facts): Partial<FactFields> => {
  type Dra = NonNullable<CapacityReport['dra']>;
  const kinds = byNumber(entriesOf<Omit<Dra['kinds'][number], 'id'>>(facts, 'draKinds').map(([id, rest]) => ({ id: Number(id), ...rest })));
  const pools = entriesOf<Omit<Dra['pools'][number], 'driver' | 'pool' | 'node'>>(facts, 'draPools').map(([key, rest]) => {
    const [driver = '', pool = '', node = ''] = key.split(' ');
    return { driver, pool, node, ...rest };
  });
  return kinds.length === 0 && pools.length === 0 ? {} : { dra: { kinds, pools } };
};

/** All fields made of facts. */
export const fieldsOf = (facts: Facts, observedAtMs: number): FactFields =>
  Object.assign({}, ...factSections.map((section) => builders[section](facts, observedAtMs))) as FactFields;

/** The fields of some sections; with those of the report before, all that a later report needs. */
export const changedFields = (facts: Facts, sections: Iterable<FactSection>, observedAtMs: number): Partial<FactFields> =>
  Object.assign({}, ...[...sections].map((section) => builders[section](facts, observedAtMs))) as Partial<FactFields>;

/** Sections whose fields vanish with their last entry. */
export const optionalFields: { readonly [S in FactSection]?: keyof FactFields } = {
  podKinds: 'podKinds',
  podSets: 'podSets',
  works: 'works',
  workSets: 'workSets',
  quotas: 'quotas',
  potential: 'potential',
  draKinds: 'dra',
  draPools: 'dra',
  gpuUse: 'gpuUse',
};

/** What leads from one state of the facts to another. */
export const diffFacts = (before: Facts, after: Facts): FactsPatch => {
  const set: Record<string, Record<string, unknown>> = {};
  const drop: Record<string, string[]> = {};
  for (const section of factSections) {
    const old = before.get(section);
    const now = after.get(section);
    const changed = [...(now ?? [])].filter(([key, { json }]) => old?.get(key)?.json !== json);
    if (changed.length > 0) set[section] = Object.fromEntries(changed.map(([key, { value }]) => [key, value]));
    const gone = [...(old?.keys() ?? [])].filter((key) => now?.has(key) !== true);
    if (gone.length > 0) drop[section] = gone;
  }
  return { set, drop };
};

const isSection = (name: string): name is FactSection => factSections.some((section) => section === name);

/** Applies a patch in place and keeps the hash; answers the sections that it touched. Sections of a newer peer are passed over. */
export const applyFacts = (facts: Facts, patch: FactsPatch, hash: StateHash): Set<FactSection> => {
  const touched = new Set<FactSection>();
  const remove = (section: FactSection, key: string): void => {
    const old = facts.get(section)?.get(key);
    if (old === undefined) return;
    addFact(hash, -1, section, key, old.json);
    facts.get(section)?.delete(key);
  };
  for (const [section, keys] of Object.entries(patch.drop)) {
    if (!isSection(section)) continue;
    touched.add(section);
    for (const key of keys) remove(section, key);
  }
  for (const [section, entries] of Object.entries(patch.set)) {
    if (!isSection(section)) continue;
    touched.add(section);
    const known = facts.get(section) ?? new Map();
    facts.set(section, known);
    for (const [key, value] of Object.entries(entries)) {
      remove(section, key);
      const json = JSON.stringify(value);
      known.set(key, { value, json });
      addFact(hash, 1, section, key, json);
    }
  }
  return touched;
};

/** All facts as a patch from nothing. */
export const wholePatch = (facts: Facts): FactsPatch => diffFacts(new Map(), facts);
