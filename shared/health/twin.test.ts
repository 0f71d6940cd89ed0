/** @module An agent that was started twice with the same keys: the earlier one learns that it should end, and only when the later one lives. */
import { expect, test } from 'vitest';
import type { Membership, MeshMessage } from '../wire/mesh.ts';
import { step } from './detector.ts';
import { type DetectorState, newDetector } from './state.ts';

const membership: Membership = {
  ...{ v: 1, from: '@hub', bootId: 'h', seq: 1, sentMs: 0, kind: 'members', epoch: 1 },
  members: [{ name: 'eu', role: 'Cluster', publicKey: 'k', addresses: [], domain: 'd', capacity: 1, probes: [] }],
  policy: {
    profile: 'fast',
    automatic: true,
    domainsMin: 1,
    clustersPercentMax: 40,
    capacityPercentMax: 50,
    windowMs: 600_000,
    survivorsMin: 1,
    holdDownMs: 30_000,
    holdDownMsMax: 600_000,
    halfLifeMs: 900_000,
  },
};

type Process = { readonly state: DetectorState; isOvertaken: boolean };

/** Starts of the agent of `eu`, each at its time, that hear whatever is said in its name `delayMs` later, until `untilMs`. */
const run = (
  starts: Readonly<Record<string, number>>,
  untilMs: number,
  delayMs: number,
  recorded: readonly MeshMessage[] = [],
  random = 0.5,
) => {
  let nowMs = 0;
  const env = { monotonicMs: () => nowMs, random: () => random };
  const processes = new Map<string, Process>();
  const onTheWay: { readonly atMs: number; readonly message: MeshMessage }[] = recorded.map((message) => ({ atMs: 1_000, message }));
  const said: MeshMessage[] = [];
  const act = (process: Process, event: Parameters<typeof step>[1]): void => {
    for (const effect of step(process.state, event, env)) {
      if (effect.type === 'overtaken') process.isOvertaken = true;
      if (effect.type !== 'send') continue;
      said.push(effect.message);
      onTheWay.push({ atMs: nowMs + delayMs, message: effect.message });
    }
  };
  for (; nowMs <= untilMs; nowMs += 10) {
    for (const [boot, atMs] of Object.entries(starts)) {
      if (atMs !== nowMs) continue;
      const process = { state: newDetector('eu', boot, env), isOvertaken: false };
      processes.set(boot, process);
      act(process, { type: 'message', channel: 'broker', message: membership });
    }
    const arrived = onTheWay.filter(({ atMs }) => atMs === nowMs);
    for (const process of processes.values()) {
      if (process.isOvertaken) continue;
      for (const { message } of arrived) act(process, { type: 'message', channel: 'broker', message });
      act(process, { type: 'tick' });
    }
  }
  return { overtaken: [...processes].flatMap(([boot, { isOvertaken }]) => (isOvertaken ? [boot] : [])), said };
};

test.each<[rule: string, starts: Record<string, number>, delayMs: number, overtaken: string[]]>([
  ['one alone is overtaken by nobody', { a: 0 }, 50, []],
  ['the earlier one gives way', { a: 0, b: 3_000 }, 50, ['a']],
  ['whatever they are called', { b: 0, a: 3_000 }, 50, ['b']],
  ['of two that were started at once one gives way, not both', { a: 0, b: 0 }, 50, ['b']],
  ['nor where messages take longer than lies between their starts', { a: 0, b: 100 }, 400, ['b']],
])('of agents with the same keys %s', (_, starts, delayMs, overtaken) => {
  expect(run(starts, 8_000, delayMs).overtaken).toEqual(overtaken);
});

test('what was recorded of another start ends nobody: it answers no question', () => {
  const { said } = run({ old: 0, older: 200 }, 5_000, 50);
  expect(said.some(({ kind }) => kind === 'answer')).toBe(true);
  expect(run({ now: 0 }, 8_000, 50, said, 0.25).overtaken).toEqual([]);
});
