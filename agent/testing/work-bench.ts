/** @module The work core and a model cluster under a virtual clock: what the tests of the core are told on. */
import type { ServedApi, StatusItem, WorkItem } from '../../shared/wire/index.ts';
import { decide } from '../work/decide.ts';
import { liveOf } from '../work/live.ts';
import type { WorkEffect, WorkInput } from '../work/messages.ts';
import { nextWakeMs } from '../work/queue.ts';
import { createWorkState, type WorkState } from '../work/state.ts';
import { type ModelMember, modelMember } from './model-member.ts';

/** Kinds the model serves. */
export const modelApis: readonly ServedApi[] = [
  { groupVersion: 'v1', kind: 'Namespace', resource: 'namespaces', namespaced: false },
  { groupVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true },
  { groupVersion: 'v1', kind: 'Secret', resource: 'secrets', namespaced: true },
  { groupVersion: 'v1', kind: 'Service', resource: 'services', namespaced: true },
  { groupVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespaced: true },
  { groupVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', resource: 'httproutes', namespaced: true },
  { groupVersion: 'batch/v1', kind: 'Job', resource: 'jobs', namespaced: true },
];

type Call = Extract<WorkEffect, { readonly op: number }>;

/** The bench. */
export type WorkBench = {
  readonly member: ModelMember;
  readonly statuses: Map<string, StatusItem>;
  readonly published: StatusItem[];
  readonly effects: WorkEffect[];
  state: WorkState;
  nowMs: number;
  /** By how much somebody set the time of day, which is no time that passed. */
  clockSetMs: number;
  /** Answers a call in another way than the member would; undefined = as the member. */
  intercept: (effect: Call) => WorkInput | undefined;
  readonly tell: (input: WorkInput) => void;
  readonly item: (item: WorkItem) => void;
  /** Lets a watch see the object. */
  readonly observe: (target: string) => void;
  /** Moves the clock, waking the core when it wants. */
  readonly pass: (ms: number) => void;
  /** A new agent that has only what was recorded. */
  readonly restart: () => void;
};

/** A bench whose core is loaded and knows the kinds, unless `asleep`. */
export const workBench = (options: { asleep?: boolean; member?: ModelMember } = {}): WorkBench => {
  const queue: WorkInput[] = [];
  let running = false;
  const env = { nowMs: () => bench.nowMs + bench.clockSetMs, monotonicMs: () => bench.nowMs, random: () => 0.5 };
  const runQueue = (): void => {
    if (running) return;
    running = true;
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      for (const effect of decide(bench.state, input, env)) perform(effect);
    }
    running = false;
  };
  const perform = (effect: WorkEffect): void => {
    bench.effects.push(effect);
    if (effect.do === 'publish') {
      bench.statuses.set(effect.status.id, effect.status);
      bench.published.push(effect.status);
    } else if (effect.do === 'forget') {
      bench.member.records.delete(effect.id);
      bench.member.ends.delete(effect.id);
    } else if ('op' in effect) queue.push(bench.intercept(effect) ?? bench.member.perform(effect));
  };
  const tell = (input: WorkInput): void => {
    queue.push(input);
    runQueue();
  };
  const bench: WorkBench = {
    member: options.member ?? modelMember(),
    statuses: new Map(),
    published: [],
    effects: [],
    state: createWorkState('eu'),
    nowMs: 1_000_000,
    clockSetMs: 0,
    intercept: () => undefined,
    tell,
    item: (item) => tell({ on: 'Item', item }),
    observe: (target) => {
      const object = bench.member.objects.get(target);
      tell(object === undefined ? { on: 'Vanished', target } : { on: 'Observed', target, live: liveOf(object) });
    },
    pass: (ms) => {
      const end = bench.nowMs + ms;
      for (let wake = nextWakeMs(bench.state); wake !== undefined && wake <= end; wake = nextWakeMs(bench.state)) {
        bench.nowMs = Math.max(bench.nowMs, wake);
        tell({ on: 'Tick' });
      }
      bench.nowMs = end;
    },
    restart: () => {
      bench.state = createWorkState('eu');
      tell({ on: 'Served', apis: modelApis, stale: [] });
      tell({ on: 'Loaded', items: [...bench.member.records.values()], ends: [...bench.member.ends.values()] });
    },
  };
  if (options.asleep !== true) bench.restart();
  return bench;
};
