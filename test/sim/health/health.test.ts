/** @module Rules of detection over the simulated network: what must be found, and what must never be said. */
import { describe, expect, test } from 'vitest';
import { hubName } from '../../../shared/wire/mesh.ts';
import { createFleet, type FleetOptions } from './fleet.ts';
import { measureCalm, measureFault } from './measure.ts';
import { scenarios } from './scenarios.ts';

const usual: FleetOptions = {
  seed: 7,
  rttMs: 80,
  jitterMs: 5,
  lossShare: 0,
  burstMs: 2_850,
  clusters: 5,
  hasDirect: true,
  hasHub: true,
  hasGateways: true,
  policy: {},
};
const warm = (options: Partial<FleetOptions> = {}) => {
  const fleet = createFleet({ ...usual, ...options });
  fleet.run(15_000);
  return fleet;
};
const cutOff = (fleet: ReturnType<typeof createFleet>, name: string, isCut: boolean): void => {
  fleet.network.setCut(name, '*', isCut);
  fleet.network.setCut('*', name, isCut);
};
const said = (fleet: ReturnType<typeof createFleet>, by: string, target: string): string[] =>
  fleet.given.filter((one) => one.by === by && one.verdict.target === target).map(({ verdict }) => `${verdict.cause} ${verdict.phase}`);

describe('detection', () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
    const { false: wrong, missing } = measureFault(scenario, 80, [1]);
    expect({ wrong, missing }).toEqual({ wrong: [], missing: 0 });
  });

  test('bursts of losses on every path make no false verdict', () => {
    expect(measureCalm(3, 80, 120_000).false).toEqual([]);
  });

  test('same seed, same verdicts at the same moments', () => {
    const run = (): string => {
      const fleet = warm();
      cutOff(fleet, 'c1', true);
      fleet.run(25_000);
      return JSON.stringify([fleet.given, fleet.events()]);
    };
    expect(run()).toBe(run());
  });

  test('a cluster that is back is held down, and longer after each death', () => {
    const fleet = warm();
    const downMs: number[] = [];
    for (let death = 0; death < 2; death++) {
      cutOff(fleet, 'c1', true);
      fleet.run(fleet.nowMs() + 5_000);
      cutOff(fleet, 'c1', false);
      const backMs = fleet.nowMs();
      const before = fleet.given.length;
      fleet.run(backMs + 90_000);
      const cleared = fleet.given
        .slice(before)
        .find(({ by, verdict }) => by === 'c0' && verdict.target === 'c1' && verdict.phase === 'Cleared');
      downMs.push(Math.round(((cleared?.atMs ?? 0) - backMs) / 1_000));
    }
    expect(downMs[0]).toBeGreaterThanOrEqual(10);
    expect(downMs[1]).toBeGreaterThanOrEqual(20);
  });

  test('a death within the hold-down starts it anew, and epochs only grow', () => {
    const fleet = warm();
    cutOff(fleet, 'c1', true);
    fleet.run(fleet.nowMs() + 5_000);
    cutOff(fleet, 'c1', false);
    fleet.run(fleet.nowMs() + 5_000);
    cutOff(fleet, 'c1', true);
    fleet.run(fleet.nowMs() + 5_000);
    expect(said(fleet, 'c0', 'c1')).toEqual(['Cluster Standing', 'Cluster Returning', 'Cluster Standing']);
    const epochs = fleet.given.filter(({ by, verdict }) => by === 'c0' && verdict.target === 'c1').map(({ verdict }) => verdict.epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(epochs[2]).toBeGreaterThan(epochs[0] ?? 0);
  });

  test('the voters let no more be removed than the velocity limit allows, whoever lives', () => {
    const fleet = warm({ clusters: 10, policy: { clustersPercentMax: 20 } });
    for (const name of ['c1', 'c2', 'c3', 'c4']) {
      cutOff(fleet, name, true);
      fleet.run(fleet.nowMs() + 8_000);
    }
    for (const by of ['c0', 'c5', 'c6', 'c7', 'c8', 'c9']) {
      const out = ['c1', 'c2', 'c3', 'c4'].filter((name) => said(fleet, by, name).includes('Cluster Standing'));
      expect(out).toEqual(['c1', 'c2']);
    }
    expect(fleet.obstacles.some(({ target, obstacle }) => target === 'c3' && obstacle === 'Clusters')).toBe(true);
  });

  test('two clusters that die at once are not taken out by observers who doubt themselves, and no two disagree', () => {
    const fleet = warm();
    cutOff(fleet, 'c1', true);
    cutOff(fleet, 'c2', true);
    fleet.run(fleet.nowMs() + 20_000);
    for (const by of ['c0', 'c3', 'c4']) expect(said(fleet, by, 'c1').length + said(fleet, by, 'c2').length).toBe(0);
  });

  test('who was stopped for long takes nobody out by votes that waited for it and are over', () => {
    const fleet = warm();
    fleet.pause('c0', 30_000);
    fleet.node('c1').gateway = 'gone';
    fleet.run(fleet.nowMs() + 6_000);
    expect(said(fleet, 'c2', 'c1')).toEqual(['DataPlane Standing']);
    fleet.node('c1').gateway = 'well';
    fleet.run(fleet.nowMs() + 60_000);
    expect(said(fleet, 'c0', 'c1').filter((word) => word.startsWith('DataPlane'))).toEqual([]);
  });

  test('a cluster that dies after its gateway is dead since it died', () => {
    const fleet = warm();
    fleet.node('c1').gateway = 'gone';
    fleet.run(fleet.nowMs() + 10_000);
    cutOff(fleet, 'c1', true);
    fleet.run(fleet.nowMs() + 5_000);
    const told = fleet.given.filter(({ by, verdict }) => by === 'c0' && verdict.target === 'c1').map(({ verdict }) => verdict);
    expect(told.map(({ cause }) => cause)).toEqual(['DataPlane', 'Cluster']);
    expect((told[1]?.sinceMs ?? 0) - (told[0]?.sinceMs ?? 0)).toBeGreaterThan(5_000);
  });

  test.each<[string, agentDiesToo: boolean]>([
    ['whose agent lived', false],
    ['that died with its agent, which was back first', true],
  ])('a gateway that answers again is not held for lossy by what its death cost: one %s', (_, agentDiesToo) => {
    const fleet = warm();
    fleet.run(fleet.nowMs() + 90_000);
    fleet.node('c1').gateway = 'gone';
    if (agentDiesToo) fleet.stopAgent('c1');
    fleet.run(fleet.nowMs() + 20_000);
    if (agentDiesToo) fleet.startAgent('c1');
    fleet.run(fleet.nowMs() + 8_000);
    fleet.node('c1').gateway = 'well';
    fleet.run(fleet.nowMs() + 120_000);
    const told = fleet.given.filter(({ verdict }) => verdict.target === 'c1').map(({ verdict }) => verdict.cause);
    expect(told).toContain('DataPlane');
    expect(told).not.toContain('Gray');
  });

  test('a minority that is cut off removes nobody, and each in it that hears nobody says so', () => {
    const fleet = warm();
    for (const inside of ['c0', 'c1'])
      for (const outside of ['c2', 'c3', 'c4', 'broker']) {
        fleet.network.setCut(inside, outside, true);
        fleet.network.setCut(outside, inside, true);
      }
    fleet.run(fleet.nowMs() + 20_000);
    for (const by of ['c0', 'c1'])
      for (const target of ['c2', 'c3', 'c4']) expect(said(fleet, by, target).filter((text) => text.startsWith('Cluster'))).toEqual([]);
  });

  test('manual mode gives no verdict that moves anything, and says why', () => {
    const fleet = warm({ policy: { automatic: false } });
    cutOff(fleet, 'c1', true);
    fleet.run(fleet.nowMs() + 10_000);
    expect(said(fleet, 'c0', 'c1')).toEqual([]);
    expect(fleet.obstacles.some(({ target, obstacle }) => target === 'c1' && obstacle === 'Manual')).toBe(true);
  });

  test('thirty clusters find a death through seven observers', () => {
    const fleet = warm({ clusters: 30 });
    cutOff(fleet, 'c9', true);
    fleet.run(fleet.nowMs() + 5_000);
    const knowing = [...fleet.nodes.keys()].filter(
      (name) => name !== 'c9' && name !== hubName && said(fleet, name, 'c9').includes('Cluster Standing'),
    );
    expect(knowing.length).toBe(29);
  });

  test.each<[string, (beat: { seq: number; sentMs: number; bootId: string; epoch: number }) => object, string]>([
    ['an old beat', ({ seq }) => ({ seq: seq - 60 }), 'Replayed'],
    ['a beat of the future', ({ seq, sentMs }) => ({ seq: seq + 1, sentMs: sentMs + 3_600_000 }), 'Future'],
    ['a beat far ahead in number', ({ seq }) => ({ seq: seq + 1_000_000 }), 'Future'],
    ['a beat with an epoch nobody gave', ({ seq }) => ({ seq: seq + 1, epoch: 1_000_000 }), 'Future'],
  ])('%s is not believed and counted, though its signature holds', (_, change, reason) => {
    const fleet = warm();
    const peer = fleet.node('c0').state.peers.get('c1');
    const real = peer?.packet as { seq: number; sentMs: number; bootId: string; epoch: number };
    fleet.inject('c0', { type: 'message', channel: 'direct', message: { ...real, ...change(real) } as never });
    expect(fleet.refusals.get(reason)).toBe(1);
    fleet.run(fleet.nowMs() + 5_000);
    expect(fleet.given).toEqual([]);
  });

  test('beats recorded in a life that has ended do not keep a dead cluster alive', () => {
    const fleet = warm();
    const recorded = fleet.node('c0').state.peers.get('c1')?.packet as { bootId: string; seq: number };
    fleet.stopAgent('c1');
    fleet.startAgent('c1');
    fleet.run(fleet.nowMs() + 3_000);
    cutOff(fleet, 'c1', true);
    for (let at = 0; at < 40; at++) {
      fleet.inject('c0', { type: 'message', channel: 'direct', message: { ...recorded, seq: recorded.seq + at } as never });
      fleet.run(fleet.nowMs() + 100);
    }
    expect(fleet.refusals.get('OldBoot')).toBeGreaterThan(0);
    expect(said(fleet, 'c0', 'c1')).toContain('Cluster Standing');
  });
});
