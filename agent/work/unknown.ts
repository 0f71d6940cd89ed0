/** @module What must be known before an item is touched: a singleton waits for its lease, a route for its weights; so long they stay as they are. */
import type { WorkItem } from '../../shared/wire/index.ts';
import { isSingleton } from './lease.ts';
import { SYSTEM_NAMESPACE, TRAFFIC_STATE } from './marks.ts';
import { conclude } from './publish.ts';
import { markTried, moveTo, type Step } from './queue.ts';
import type { Entry } from './state.ts';
import { hasWeights } from './weights.ts';

const lookMs = 500;
/** Weights are there when traffic has loaded what it kept, which takes a moment; a wait so long is told. */
const weightsLateMs = 30_000;

const lacksWeights = ({ state }: Step, item: WorkItem): boolean => state.weights === undefined && hasWeights(item);

/** True when the entry has to wait: it is looked at again soon, and the others go on. */
export const waitsForUnknown = (step: Step, entry: Entry): boolean => {
  const { state, env } = step;
  const { item } = entry;
  const isWithoutWeights = lacksWeights(step, item);
  if (!isWithoutWeights && !(isSingleton(item) && state.lease === undefined)) return false;
  entry.dueMs = env.monotonicMs() + lookMs;
  moveTo(step, entry, 'Waiting');
  markTried(step, entry, true);
  if (isWithoutWeights) tellLate(step, entry);
  return true;
};

const tellLate = (step: Step, entry: Entry): void => {
  const { state, env } = step;
  state.weightsWantedMs ??= env.monotonicMs();
  if (env.monotonicMs() < state.weightsWantedMs + weightsLateMs) return;
  const what = `what traffic kept in namespace ${SYSTEM_NAMESPACE} (ConfigMap ${TRAFFIC_STATE}, Secrets of its records)`;
  const why = state.weightsLack === undefined ? 'is not loaded yet' : `cannot be loaded: ${state.weightsLack}`;
  const message = `the route stays as it is until its weights are known: ${what} ${why}`;
  conclude(step, entry, { seq: entry.item.seq, phase: 'Failed', reason: 'WeightsUnknown', message });
};
