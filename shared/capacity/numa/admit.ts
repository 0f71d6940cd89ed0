/** @module Whether the kubelet lets one more replica in, and what may be left then (kubelet `topologymanager/scope_{container,pod}.go`). */
import type { KubeletModel } from '../node.ts';
import { type Aligned, allocate, freshRun, type NodeRules, type Outcome, type PodRun } from './allocate.ts';
import type { PodAsk, ZoneAsk } from './ask.ts';
import type { Budget } from './choices.ts';
import { countedHints, type Decision, type Hint, memoryHints, mergeHints } from './hints.ts';
import type { ZoneState } from './zones.ts';

const hintLists = (rules: NodeRules, run: PodRun, ask: ZoneAsk): Hint[][] => {
  const { totals, masks } = rules;
  const { state } = run;
  const lists: Hint[][] = ask.devices.flatMap((amount, d) =>
    amount > 0n ? [countedHints(masks, totals.devices[d] ?? [], state.devices[d] ?? [], run.reusableDevices[d] ?? [], amount)] : [],
  );
  if (ask.cpus > 0n) lists.push(countedHints(masks, totals.cpus, state.cpus, run.reusableCpus, ask.cpus));
  // Each size of memory is a resource of its own to the Topology Manager, with the same hints.
  const pinned = ask.memory.filter((amount) => amount > 0n);
  if (pinned.length > 0) {
    const hints = memoryHints(masks, totals, state, run.reusableMemory, ask.memory);
    lists.push(...pinned.map(() => hints));
  }
  return lists;
};

const decide = (kubelet: KubeletModel, rules: NodeRules, run: PodRun, ask: ZoneAsk): Decision =>
  mergeHints(kubelet.topologyPolicy, kubelet.prefersClosest, rules.totals.count, hintLists(rules, run, ask));

/** Every choice of zones, each with what follows. */
const withEach = (decision: Decision, next: (aligned: Aligned) => Outcome): Outcome => {
  if (!decision.admitted) return { runs: [], refused: true };
  const outcomes = decision.masks.map((mask) => next({ mask, preferred: decision.preferred }));
  return { runs: outcomes.flatMap(({ runs }) => runs), refused: outcomes.some(({ refused }) => refused) };
};

/** States that may follow when one more replica comes, and whether it may be refused instead. */
export const admitOne = (
  kubelet: KubeletModel,
  rules: NodeRules,
  ask: PodAsk,
  state: ZoneState,
  budget: Budget,
): { states: readonly ZoneState[]; refused: boolean } => {
  const start = freshRun(state);
  const allThrough = (step: (run: PodRun, container: ZoneAsk) => Outcome): Outcome =>
    ask.containers.reduce<Outcome>(
      (outcome, container) => {
        const outcomes = outcome.runs.map((run) => step(run, container));
        return { runs: outcomes.flatMap(({ runs }) => runs), refused: outcome.refused || outcomes.some(({ refused }) => refused) };
      },
      { runs: [start], refused: false },
    );
  const outcome =
    kubelet.topologyPolicy === 'none'
      ? allThrough((run, container) => allocate(rules, run, container, undefined, budget))
      : kubelet.topologyScope === 'pod'
        ? withEach(decide(kubelet, rules, start, ask.whole), (aligned) =>
            allThrough((run, container) => allocate(rules, run, container, aligned, budget)),
          )
        : allThrough((run, container) =>
            withEach(decide(kubelet, rules, run, container), (aligned) => allocate(rules, run, container, aligned, budget)),
          );
  return { states: outcome.runs.map((run) => run.state), refused: outcome.refused };
};
