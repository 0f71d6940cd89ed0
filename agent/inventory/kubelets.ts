/**
 * @module Reads the policies of each kubelet from its own configuration, where the operator let the agent: the path of `nodes/proxy` gives
 * more than a look at a configuration (it reaches all of a kubelet's API), so that nobody has it without having asked for it.
 */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { ApiError } from '../cluster/index.ts';
import { type KubeletFacts, kubeletFactsOf } from './configz.ts';
import { type Rounds, startRounds } from './rounds.ts';
import type { InventoryState } from './state.ts';
import { untoldLines } from './untold.ts';

/** What the reader is given. */
export type KubeletsOptions = {
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'setTimer'>;
  readonly state: InventoryState;
  /** The text of a node's `/configz`. */
  readonly configz: (node: string) => Promise<string>;
  readonly onChange: () => void;
};

/** A kubelet reads its configuration when it starts only. */
const REREAD_MS = 600_000;
const LOOK_EVERY_MS = 60_000;
/** Distinct configurations kept; nodes of one pool have the same. */
const SHARED_MAX = 256;

const parsed = (node: string, text: string): KubeletFacts => {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const facts = kubeletFactsOf(answer);
  if (facts === undefined) throw new ApiError('Nonsense', `what ${node} answers is no kubelet configuration`);
  return facts;
};

/** Starts; nodes are those of the state, and `soon` says that there are new ones. */
export const startKubelets = ({ env, state, configz, onChange }: KubeletsOptions): Rounds => {
  const askedMs = new Map<string, number>();
  const shared = new Map<string, KubeletFacts>();

  const keep = (node: string, facts: KubeletFacts): void => {
    const key = JSON.stringify(facts);
    if (shared.size >= SHARED_MAX) shared.clear();
    const kept = shared.get(key) ?? facts;
    shared.set(key, kept);
    if (!state.nodes.has(node) || JSON.stringify(state.kubelets.get(node)) === key) return;
    state.kubelets.set(node, kept);
    onChange();
  };

  return startRounds<string>({
    env,
    list: () => {
      for (const node of askedMs.keys()) if (!state.nodes.has(node)) askedMs.delete(node);
      return [...state.nodes.keys()];
    },
    keyOf: (node) => node,
    isDue: (node) => env.monotonicMs() - (askedMs.get(node) ?? Number.NEGATIVE_INFINITY) >= REREAD_MS,
    ask: async (node) => {
      askedMs.set(node, env.monotonicMs());
      keep(node, parsed(node, await configz(node)));
    },
    onEnd: (failures) => {
      const lines = untoldLines('kubelet configuration of', failures, ({ status }) =>
        status === 403 ? "grant get on nodes/proxy to the agent's identity" : undefined,
      );
      if (JSON.stringify(lines) === JSON.stringify(state.untold.get('kubelets') ?? [])) return;
      state.untold.set('kubelets', lines);
      onChange();
    },
    periodMs: () => LOOK_EVERY_MS,
  });
};
