/** @module Runs the faults many times and counts: how long until the verdict, and every verdict that should not have been. */

import { movesTraffic } from '../../../shared/health/index.ts';
import { prng } from '../../../shared/lib/prng.ts';
import { hubName } from '../../../shared/wire/mesh.ts';
import { createFleet, type FleetOptions, type Given } from './fleet.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** What came of one fault over all runs. */
export type FaultResult = {
  readonly name: string;
  readonly runs: number;
  /** Times of the wanted verdict, each at each agent that could give it, ms, sorted. */
  readonly tookMs: readonly number[];
  /** Agents that did not come to it. */
  readonly missing: number;
  /** Verdicts that would move traffic and should not have been. */
  readonly false: readonly string[];
};

const usual = { jitterMs: 5, lossShare: 0, burstMs: 2_850, clusters: 5, hasDirect: true, hasHub: true, hasGateways: true, policy: {} };
/** Every fleet runs for so long before anything is done to it. */
const warmMs = 12_000;

/** The value below which `percent` of the sorted values lie. */
export const percentile = (sorted: readonly number[], percent: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN);

/** A verdict that moves something and is not the wanted one; that the data plane of a dead cluster is dead is no mistake. */
const isFalse = ({ verdict }: Given, victim: string, { wanted }: Scenario): boolean => {
  if (verdict.phase !== 'Standing' || !movesTraffic(verdict.cause)) return false;
  return (
    wanted === undefined ||
    !movesTraffic(wanted.cause) ||
    verdict.target !== wanted.target(victim) ||
    (wanted.cause === 'DataPlane' && verdict.cause === 'Cluster')
  );
};

/** Runs one fault once for each seed. */
export const measureFault = (scenario: Scenario, rttMs: number, seeds: readonly number[]): FaultResult => {
  const tookMs: number[] = [];
  const wrong: string[] = [];
  let missing = 0;
  for (const seed of seeds) {
    const options: FleetOptions = { ...usual, seed, rttMs, ...scenario.fleet };
    const fleet = createFleet(options);
    const random = prng(seed, 'scenario');
    const victim = `c${random.below(options.clusters)}`;
    fleet.run(warmMs + random.below(1_000));
    const before = fleet.given.length;
    const startMs = fleet.nowMs();
    let faultMs = startMs;
    const setCut = fleet.network.setCut;
    scenario.start(
      {
        ...fleet,
        network: {
          ...fleet.network,
          setCut: (...cut) => {
            faultMs = fleet.nowMs();
            setCut(...cut);
          },
        },
      },
      victim,
    );
    fleet.run(startMs + scenario.forMs);
    const given = fleet.given.slice(before);
    for (const one of given)
      if (isFalse(one, victim, scenario))
        wrong.push(`seed ${seed}: ${one.by} said ${one.verdict.cause} of ${one.verdict.target} at ${Math.round(one.atMs - faultMs)} ms`);
    const { wanted } = scenario;
    if (wanted === undefined) continue;
    const target = wanted.target(victim);
    for (const node of fleet.nodes.values()) {
      // The hub gives verdicts too, but moves nothing.
      if (node.name === victim || node.name === hubName || node.lie !== undefined || !node.isAgentUp) continue;
      const found = given.find(
        ({ by, verdict }) =>
          by === node.name && verdict.target === target && verdict.cause === wanted.cause && verdict.phase === 'Standing',
      );
      if (found === undefined) missing += 1;
      else tookMs.push(found.atMs - faultMs);
    }
  }
  tookMs.sort((a, b) => a - b);
  return { name: scenario.name, runs: seeds.length, tookMs, missing, false: wrong };
};

/** An hour and more of losses in bursts on every path, nothing else: every verdict that moves something is false. */
export const measureCalm = (
  seed: number,
  rttMs: number,
  forMs: number,
): { readonly false: readonly string[]; readonly others: number; readonly events: number } => {
  const fleet = createFleet({ ...usual, seed, rttMs, lossShare: 0.004 });
  fleet.run(forMs);
  const standing = fleet.given.filter(({ verdict }) => verdict.phase === 'Standing');
  const moving = standing.filter(({ verdict }) => movesTraffic(verdict.cause));
  return {
    false: moving.map(
      ({ by, atMs, verdict }) => `seed ${seed}: ${by} said ${verdict.cause} of ${verdict.target} at ${Math.round(atMs)} ms`,
    ),
    others: standing.length - moving.length,
    events: fleet.events(),
  };
};

/** The face for `npm run sim`: verdicts on black-holed clusters at 80 ms, and false verdicts in all faults and in `calmMs` of bursts. */
export const measureVerdicts = (
  seeds: readonly number[],
  calmMs: number,
): { readonly verdicts: { readonly p50Ms: number; readonly p99Ms: number }; readonly false: number } => {
  const results = scenarios.map((scenario) => measureFault(scenario, 80, seeds));
  const black = results[0]?.tookMs ?? [];
  const calm = measureCalm(seeds[0] ?? 1, 80, calmMs);
  const wrong = results.reduce((sum, { false: found }) => sum + found.length, calm.false.length);
  return { verdicts: { p50Ms: percentile(black, 50), p99Ms: percentile(black, 99) }, false: wrong };
};
