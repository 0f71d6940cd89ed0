/** @module What the kubelet's managers take for one container, in the order they are asked: devices, CPUs, memory. */
import type { ZoneAsk } from './ask.ts';
import { type Budget, reuses, takings } from './choices.ts';
import { type Hint, mayJoin, memoryHints, type ReusableMemory } from './hints.ts';
import { hasZone, sumIn, type ZoneState, type ZoneTotals, zonesIn } from './zones.ts';

/** A pod on its way in: what is left of the zones, and what its init containers left behind. */
export type PodRun = {
  readonly state: ZoneState;
  readonly reusableCpus: readonly bigint[];
  readonly reusableDevices: readonly (readonly bigint[])[];
  readonly reusableMemory: ReusableMemory;
};

/** What does not change while pods are put on a node. */
export type NodeRules = {
  readonly totals: ZoneTotals;
  /** Masks worth looking at. */
  readonly masks: readonly number[];
  /** Threads that a container's CPUs must be a multiple of; 1 = any number. */
  readonly threads: bigint;
};

/** Zones decided for a container; undefined = the Topology Manager said nothing (policy none). */
export type Aligned = { readonly mask: number; readonly preferred: boolean } | undefined;

/** Runs that may follow, and whether the kubelet may refuse instead. */
export type Outcome = { readonly runs: readonly PodRun[]; readonly refused: boolean };

const minus = (a: readonly bigint[], b: readonly bigint[]): bigint[] => a.map((amount, zone) => amount - (b[zone] ?? 0n));
const plus = (a: readonly bigint[], b: readonly bigint[]): bigint[] => a.map((amount, zone) => amount + (b[zone] ?? 0n));

/** Each run through the next manager; a refusal of one is a possible refusal of all. */
const through = (outcome: Outcome, next: (run: PodRun) => Outcome): Outcome => {
  const outcomes = outcome.runs.map(next);
  return { runs: outcomes.flatMap(({ runs }) => runs), refused: outcome.refused || outcomes.some(({ refused }) => refused) };
};

/** Takes what a container asks for. */
export const allocate = (rules: NodeRules, run: PodRun, ask: ZoneAsk, aligned: Aligned, budget: Budget): Outcome => {
  let outcome: Outcome = { runs: [run], refused: false };
  ask.devices.forEach((amount, d) => {
    if (amount > 0n) outcome = through(outcome, (at) => takeDevices(at, d, amount, ask, aligned, budget));
  });
  if (ask.cpus > 0n) outcome = through(outcome, (at) => takeCpus(rules, at, ask, aligned, budget));
  if (ask.memory.some((amount) => amount > 0n)) outcome = through(outcome, (at) => takeMemory(rules, at, ask, aligned));
  return outcome;
};

const everywhere = -1;

/** Devices of earlier init containers are always used first, then free ones of the mask, then others. */
const takeDevices = (run: PodRun, d: number, amount: bigint, ask: ZoneAsk, aligned: Aligned, budget: Budget): Outcome => {
  const reusable = run.reusableDevices[d] ?? [];
  const free = run.state.devices[d] ?? [];
  const again = reusable.reduce((sum, count) => sum + count, 0n);
  const reused = again < amount ? again : amount;
  const runs = takings(reusable, everywhere, reused, 1n, budget).flatMap((old) =>
    takings(free, aligned?.mask ?? everywhere, amount - reused, 1n, budget).map((fresh): PodRun => {
      const left = ask.role === 'init' ? plus(reusable, fresh) : minus(reusable, old);
      return {
        ...run,
        state: { ...run.state, devices: run.state.devices.map((column, at) => (at === d ? minus(column, fresh) : column)) },
        reusableDevices: run.reusableDevices.map((column, at) => (at === d ? left : column)),
      };
    }),
  );
  return { runs, refused: runs.length === 0 };
};

/**
 * CPUs of the mask first, then others. Whether those of earlier init containers are taken again is the kubelet's choice; under
 * `full-pcpus-only` it may also refuse because it counts only what is free (kubernetes/kubernetes#139552).
 */
const takeCpus = (rules: NodeRules, run: PodRun, ask: ZoneAsk, aligned: Aligned, budget: Budget): Outcome => {
  const { cpus } = run.state;
  if (ask.cpus % rules.threads !== 0n) return { runs: [], refused: true };
  const limits = plus(cpus, run.reusableCpus);
  const runs = takings(limits, aligned?.mask ?? everywhere, ask.cpus, rules.threads, budget).flatMap((taken) =>
    reuses(taken, cpus, run.reusableCpus, budget).map((reused): PodRun => {
      const fresh = minus(taken, reused);
      return {
        ...run,
        state: { ...run.state, cpus: minus(cpus, fresh) },
        reusableCpus: ask.role === 'init' ? plus(run.reusableCpus, fresh) : minus(run.reusableCpus, reused),
      };
    }),
  );
  const free = cpus.reduce((sum, count) => sum + count, 0n);
  return { runs, refused: runs.length === 0 || (rules.threads > 1n && ask.cpus > free) };
};

const narrowest = (hints: readonly Hint[]): Hint | undefined =>
  [...hints].sort((a, b) => Number(b.preferred) - Number(a.preferred) || zonesIn(a.mask) - zonesIn(b.mask) || a.mask - b.mask)[0];

/** The zones that memory comes from: those decided, or more of them when they lack it; undefined = the kubelet refuses. */
const memoryMask = (rules: NodeRules, run: PodRun, ask: ZoneAsk, aligned: Aligned): number | undefined => {
  const hints = (): Hint[] => memoryHints(rules.masks, rules.totals, run.state, run.reusableMemory, ask.memory);
  let chosen: Hint | undefined = aligned ?? narrowest(hints());
  if (chosen === undefined) return undefined;
  const suffices = ask.memory.every((amount, m) => sumIn(run.state.memory[m] ?? [], chosen?.mask ?? 0) >= amount);
  if (!suffices) {
    const { mask, preferred } = chosen;
    const extended = narrowest(hints().filter((hint) => (hint.mask & mask) === mask));
    if (extended === undefined || (preferred && !extended.preferred)) return undefined;
    chosen = extended;
  }
  return zonesIn(chosen.mask) === 1 || mayJoin(run.state, chosen.mask) ? chosen.mask : undefined;
};

/** Memory is taken from the lowest zones first, and binds all zones of the mask together. */
const takeMemory = (rules: NodeRules, run: PodRun, ask: ZoneAsk, aligned: Aligned): Outcome => {
  const mask = memoryMask(rules, run, ask, aligned);
  if (mask === undefined) return { runs: [], refused: true };
  const left = run.reusableMemory.get(mask) ?? ask.memory.map(() => 0n);
  const memory = run.state.memory.map((column, m) => {
    const amount = ask.memory[m] ?? 0n;
    const fresh = amount > (left[m] ?? 0n) ? amount - (left[m] ?? 0n) : 0n;
    return drained(column, mask, fresh);
  });
  const groups = run.state.groups.map((group, zone) => (hasZone(mask, zone) ? mask : group));
  const reusable = left.map((kept, m) => {
    const amount = ask.memory[m] ?? 0n;
    if (ask.role === 'init') return amount > kept ? amount : kept;
    return amount >= kept ? 0n : kept - amount;
  });
  const reusableMemory = new Map([...run.reusableMemory, [mask, reusable] as const]);
  return { runs: [{ ...run, state: { ...run.state, memory, groups }, reusableMemory }], refused: false };
};

const drained = (column: readonly bigint[], mask: number, amount: bigint): bigint[] => {
  let rest = amount;
  return column.map((free, zone) => {
    if (!hasZone(mask, zone)) return free;
    const taken = free < rest ? free : rest;
    rest -= taken;
    return free - taken;
  });
};

/** A pod that has taken nothing yet. */
export const freshRun = (state: ZoneState): PodRun => ({
  state,
  reusableCpus: state.cpus.map(() => 0n),
  reusableDevices: state.devices.map((column) => column.map(() => 0n)),
  reusableMemory: new Map(),
});
