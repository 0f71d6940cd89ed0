/** @module Scenarios: a cluster landscape, objects and what is expected of them, as users test their policies with `hanse plan --test`. */
import { hanseApiVersion, type WorkloadRef } from '../api/index.ts';
import type { Read } from '../capacity/index.ts';
import { bag } from '../placement/index.ts';
import { type PlanAnswer, planAnswer } from './answer.ts';
import { fleetOfCase } from './case.ts';
import type { DumpedCluster } from './offline.ts';
import { makePlan } from './plan.ts';
import { nodeObjects, nodesFault } from './scenario-nodes.ts';
import { settled } from './settle.ts';
import { withLosses } from './what-if.ts';

/** One cluster of a scenario. */
type ScenarioCluster = {
  /** What its nodes would be in a dump. */
  readonly objects: readonly unknown[];
  /** Files with dumps, beside the scenario. */
  readonly dumps: readonly string[];
  /** Labels, taints and prices as a Cluster object; undefined where it says none of them. */
  readonly object: object | undefined;
};

/** Replicas by cluster; `unplaced` for those that fit nowhere. */
type Counts = ReadonlyMap<string, number>;

/** What is expected; what is not said is not looked at. */
type Expectation = {
  /** By object: exactly these clusters, and 0 unplaced unless it is said. */
  readonly placements: ReadonlyMap<string, Counts>;
  /** By object: exactly these clusters where replicas stay that are placed nowhere. */
  readonly staying: ReadonlyMap<string, Counts>;
  /** By object: the term that refuses these clusters. */
  readonly refused: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Replicas started where they were not. */
  readonly moved: number | undefined;
  readonly cost: { readonly after: string; readonly currency: string | undefined } | undefined;
};

/** A scenario, read. */
export type Scenario = {
  readonly clusters: Readonly<Record<string, ScenarioCluster>>;
  readonly objects: readonly unknown[];
  /** Files with further objects, beside the scenario. */
  readonly files: readonly string[];
  readonly lose: readonly string[];
  readonly drain: readonly string[];
  readonly expect: Expectation;
};

/** What the files beside a scenario hold. */
export type ScenarioFiles = { readonly dumps: Readonly<Record<string, readonly unknown[]>>; readonly objects: readonly unknown[] };

/** Whether what came is what was expected; `- ` before what was expected, `+ ` before what came. */
export type ScenarioResult = { readonly ok: true } | { readonly ok: false; readonly faults: readonly string[] };

class ScenarioFault extends Error {
  override name = 'ScenarioFault';
}

const fail = (message: string): never => {
  throw new ScenarioFault(message);
};

const only = (value: unknown, path: string, names: readonly string[]): Readonly<Record<string, unknown>> => {
  const fields = bag(value);
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  return unknown === undefined ? fields : fail(`${path === '' ? '' : `${path}.`}${unknown}: no such field; known are ${names.join(', ')}`);
};

const textsOf = (value: unknown, path: string): readonly string[] => {
  if (value === undefined) return [];
  const texts = Array.isArray(value) ? value : [value];
  return texts.every((text) => typeof text === 'string') ? (texts as string[]) : fail(`${path}: a list of texts is wanted`);
};

const listOf = (value: unknown, path: string): readonly unknown[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : fail(`${path}: a list of objects is wanted`);
};

const clusterOf = (name: string, value: unknown): ScenarioCluster => {
  const path = `clusters.${name}`;
  const fields = only(value, path, ['labels', 'taints', 'pricing', 'nodes', 'objects', 'dumps']);
  const { labels, taints, pricing, nodes = [] } = fields;
  const isPlain = labels === undefined && taints === undefined && pricing === undefined;
  const fault = nodesFault(nodes, `${path}.nodes`);
  if (fault !== undefined) fail(fault);
  return {
    objects: [...nodeObjects(nodes), ...listOf(fields.objects, `${path}.objects`)],
    dumps: textsOf(fields.dumps, `${path}.dumps`),
    object: isPlain
      ? undefined
      : {
          apiVersion: hanseApiVersion,
          kind: 'Cluster',
          metadata: { name, labels: labels ?? {} },
          spec: { ...(taints === undefined ? {} : { taints }), ...(pricing === undefined ? {} : { pricing }) },
        },
  };
};

const countsOf = (value: unknown, path: string): Counts =>
  new Map(
    Object.entries(bag(value)).map(([cluster, count]) => [
      cluster,
      Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : fail(`${path}.${cluster}: a whole number from 0 on is wanted`),
    ]),
  );

const mapOf = <T>(value: unknown, path: string, read: (item: unknown, path: string) => T): ReadonlyMap<string, T> =>
  new Map(Object.entries(bag(value)).map(([key, item]) => [key.toLowerCase(), read(item, `${path}.${key}`)]));

const reasonsOf = (value: unknown, path: string): ReadonlyMap<string, string> =>
  new Map(Object.entries(bag(value)).map(([cluster, reason]) => [cluster, textsOf(reason, `${path}.${cluster}`)[0] ?? '']));

const expectationOf = (value: unknown): Expectation => {
  const fields = only(value, 'expect', ['placements', 'staying', 'refused', 'moved', 'cost']);
  if (Object.keys(fields).length === 0) fail('expect: say what is expected, such as placements: {deployment/web: {east: 4}}');
  const { moved } = fields;
  if (moved !== undefined && !Number.isSafeInteger(moved)) fail('expect.moved: a whole number is wanted');
  const { after, currency } = only(fields.cost, 'expect.cost', ['after', 'currency']);
  return {
    placements: mapOf(fields.placements, 'expect.placements', countsOf),
    staying: mapOf(fields.staying, 'expect.staying', countsOf),
    refused: mapOf(fields.refused, 'expect.refused', reasonsOf),
    moved: moved === undefined ? undefined : Number(moved),
    cost: after === undefined ? undefined : { after: String(after), currency: currency === undefined ? undefined : String(currency) },
  };
};

const scenarioOf = (value: unknown): Scenario => {
  const fields = only(value, '', ['about', 'clusters', 'objects', 'files', 'lose', 'drain', 'expect']);
  return {
    clusters: Object.fromEntries(Object.entries(bag(fields.clusters)).map(([name, cluster]) => [name, clusterOf(name, cluster)])),
    objects: listOf(fields.objects, 'objects'),
    files: textsOf(fields.files, 'files'),
    lose: textsOf(fields.lose, 'lose'),
    drain: textsOf(fields.drain, 'drain'),
    expect: expectationOf(fields.expect),
  };
};

/** Reads a scenario; names the field that is wrong. */
export const readScenario = (value: unknown): Read<Scenario> => {
  try {
    return { ok: true, value: scenarioOf(value) };
  } catch (error) {
    if (error instanceof ScenarioFault) return { ok: false, message: error.message };
    throw error;
  }
};

/** The answer to a scenario; losses come after what its objects would place is in place. */
export const answerScenario = (scenario: Scenario, files: ScenarioFiles, env: { readonly nowMs: number }): Read<PlanAnswer> => {
  const clusters = Object.entries(scenario.clusters).map(([name, { objects }]): [string, DumpedCluster] => [
    name,
    { dump: [...objects, ...(files.dumps[name] ?? [])] },
  ]);
  const own = Object.values(scenario.clusters).flatMap(({ object }) => object ?? []);
  const fleet = fleetOfCase({ clusters: Object.fromEntries(clusters), objects: [...own, ...scenario.objects, ...files.objects] });
  if (!fleet.ok) return fleet;
  const plan = makePlan(fleet.value, env);
  if (scenario.lose.length + scenario.drain.length === 0) return { ok: true, value: planAnswer(plan) };
  const after = withLosses(settled(fleet.value, plan), scenario);
  return after.ok ? { ok: true, value: planAnswer(makePlan(after.value, env)) } : after;
};

/** `deployment/web` and `deployment/shop/web` name an object. */
const isNamed = ({ kind, namespace, name }: WorkloadRef, text: string): boolean =>
  text === `${kind}/${name}`.toLowerCase() || text === `${kind}/${namespace}/${name}`.toLowerCase();

const countsText = (counts: Counts): string =>
  [...counts]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'nowhere';

const differs = (path: string, wanted: string, got: string): string[] =>
  wanted === got ? [] : [`- ${path}: ${wanted}`, `+ ${path}: ${got}`];

type Found = PlanAnswer['placements'][number];

const placedAs = (text: string, wanted: Counts, { clusters, unplaced, message = '' }: Found): string[] => {
  const got = new Map([...clusters.map(({ cluster, replicas }) => [cluster, replicas] as const), ['unplaced', unplaced] as const]);
  const faults = differs(text, countsText(wanted), countsText(got));
  return faults.length > 0 && unplaced > 0 && message !== '' ? [...faults, `  ${message}`] : faults;
};

const stayingAs = (text: string, wanted: Counts, { staying = [] }: Found): string[] =>
  differs(`${text} stays`, countsText(wanted), countsText(new Map(staying.map(({ cluster, replicas }) => [cluster, replicas]))));

const refusedAs = (text: string, wanted: ReadonlyMap<string, string>, { explain }: Found): string[] =>
  [...wanted].flatMap(([cluster, reason]) => {
    const row = explain.find((one) => one.cluster === cluster);
    const got = row === undefined ? 'no such cluster' : row.eligible ? 'eligible' : row.reason;
    return differs(`${text} in ${cluster}`, reason, got);
  });

const found = ({ placements }: PlanAnswer, text: string): Found | string => {
  const named = placements.filter(({ object }) => isNamed(object, text));
  const [one] = named;
  if (named.length > 1) return `${text}: several objects are called so; write it as KIND/NAMESPACE/NAME`;
  return one ?? `${text}: no policy selects such an object`;
};

/** What does not hold. */
const faultsOf = (answer: PlanAnswer, { placements, staying, refused, moved, cost }: Expectation): string[] => {
  const faults: string[] = [];
  for (const [text, counts] of placements) {
    const one = found(answer, text);
    faults.push(...(typeof one === 'string' ? [one] : placedAs(text, counts, one)));
  }
  for (const [text, counts] of staying) {
    const one = found(answer, text);
    faults.push(...(typeof one === 'string' ? [one] : stayingAs(text, counts, one)));
  }
  for (const [text, reasons] of refused) {
    const one = found(answer, text);
    faults.push(...(typeof one === 'string' ? [one] : refusedAs(text, reasons, one)));
  }
  const changes = answer.placements.flatMap(({ clusters }) => clusters);
  const started = changes.reduce((sum, { before, replicas }) => sum + Math.max(0, replicas - before), 0);
  if (moved !== undefined) faults.push(...differs('moved', String(moved), String(started)));
  if (cost !== undefined) {
    const currency = cost.currency ?? answer.cost.currency;
    faults.push(...differs('cost an hour', `${cost.after} ${currency}`, `${answer.cost.after} ${answer.cost.currency}`));
  }
  return faults;
};

/** Runs a scenario and compares. */
export const runScenario = (scenario: Scenario, files: ScenarioFiles, env: { readonly nowMs: number }): ScenarioResult => {
  const answer = answerScenario(scenario, files, env);
  if (!answer.ok) return { ok: false, faults: [answer.message] };
  const faults = faultsOf(answer.value, scenario.expect);
  return faults.length === 0 ? { ok: true } : { ok: false, faults };
};
