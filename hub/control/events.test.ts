/** @module Events: told at a pace of their own, the same one counted, and a flood that ends somewhere. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { createStore, memoryJournal, type Store } from '../../shared/kube/storage/index.ts';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { createEventRecorder } from './events.ts';

let store: Store;
let timers: (() => void)[];
let warnings: unknown[];
let env: RuntimeEnv;
beforeEach(async () => {
  timers = [];
  warnings = [];
  env = {
    nowMs: () => Date.parse('2030-01-01T00:00:00Z'),
    monotonicMs: () => 0,
    random: () => 0.5,
    uuid: () => 'u',
    setTimer: (_, run) => {
      timers.push(run);
      return () => undefined;
    },
    log: { ...silentLog, warn: (_, fields) => void warnings.push(fields) },
  };
  store = await createStore(memoryJournal(), { env });
});

const object = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name, uid: name } });
const placed = { type: 'Normal', reason: 'Placed', message: 'here' } as const;
const written = (): readonly (readonly [string, number])[] =>
  store
    .list('/events/shop/')
    .map(({ object: event }) => event as unknown as { involvedObject: { name: string }; count: number })
    .map(({ involvedObject, count }) => [involvedObject.name, count] as const);
/** Resolves when the turn under way has ended. */
const ended = () => vi.waitFor(() => expect(timers).toHaveLength(1));
/** The next turn comes, and what it writes is written. */
const turn = async (): Promise<void> => {
  await ended();
  timers.shift()?.();
  await ended();
};

describe('an event', () => {
  it('is written at once when none was for a while', async () => {
    createEventRecorder(store, env).record(object('web'), placed);
    await ended();
    expect(written()).toEqual([['web', 1]]);
  });

  it('that is told again counts up, also while it waits', async () => {
    const { record } = createEventRecorder(store, env);
    for (let times = 0; times < 4; times++) record(object('web'), placed);
    await turn();
    expect(written()).toEqual([['web', 4]]);
  });
});

describe('a burst of events', () => {
  it('is written 32 in a turn, and all of it in the end', async () => {
    const { record } = createEventRecorder(store, env);
    for (let at = 0; at < 97; at++) record(object(`w${at}`), placed);
    const after: number[] = [];
    for (let turns = 0; turns < 3; turns++) {
      await turn();
      after.push(written().length);
    }
    expect(after).toEqual([33, 65, 97]);
  });

  it('that is longer than what may wait loses the last ones, and says how many', async () => {
    const { record } = createEventRecorder(store, env);
    for (let at = 0; at < 16_390; at++) record(object(`w${at}`), placed);
    await turn();
    expect(warnings).toEqual([{ dropped: 5, waitingMax: 16_384 }]);
  });
});
