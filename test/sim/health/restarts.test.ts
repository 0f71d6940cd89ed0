/** @module What the restart of observers may not change: deaths, limits, penalties, and verdicts that move nothing. */
import { describe, expect, test } from 'vitest';
import { hubName } from '../../../shared/wire/mesh.ts';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';

const warm = (options: Partial<FleetOptions> = {}): Fleet => {
  const usual = { rttMs: 80, jitterMs: 5, lossShare: 0, burstMs: 2_850, clusters: 5, hasDirect: true, hasHub: true, hasGateways: true };
  const fleet = createFleet({ seed: 7, ...usual, policy: {}, ...options });
  fleet.run(15_000);
  return fleet;
};
const die = (fleet: Fleet, name: string): void => {
  fleet.stopAgent(name);
  fleet.node(name).gateway = 'gone';
  fleet.run(fleet.nowMs() + 6_000);
};
const comeBack = (fleet: Fleet, name: string, forMs: number): void => {
  fleet.node(name).gateway = 'well';
  fleet.startAgent(name);
  fleet.run(fleet.nowMs() + forMs);
};
const survivorsOf = (fleet: Fleet, dead: readonly string[]): string[] =>
  [...fleet.nodes.keys()].filter((name) => !dead.includes(name) && fleet.node(name).isAgentUp);
const restart = (fleet: Fleet, name: string, forgets: boolean): void => {
  fleet.stopAgent(name);
  fleet.run(fleet.nowMs() + 1_000);
  fleet.startAgent(name, forgets);
  fleet.run(fleet.nowMs() + 8_000);
};
/** One after the other, as an upgrade does. */
const restartAll = (fleet: Fleet, dead: readonly string[], forgets: (name: string) => boolean): void => {
  for (const name of survivorsOf(fleet, dead)) restart(fleet, name, name === hubName || forgets(name));
};
const saidOf = (fleet: Fleet, target: string): Set<string> =>
  new Set(fleet.given.filter(({ verdict }) => verdict.target === target).map(({ verdict }) => `${verdict.cause} ${verdict.phase}`));
const standingOf = (fleet: Fleet, by: string, target: string): string | undefined =>
  fleet.node(by).state.subjects.get(target)?.standing?.cause;

describe('observers that are started anew one after the other', () => {
  test.each<[string, Partial<FleetOptions>, (name: string) => boolean]>([
    ['with what they kept', {}, () => false],
    ['with empty disks', {}, () => true],
    ['some with empty disks', {}, (name) => name === 'c0' || name === 'c3'],
    ['of three clusters', { clusters: 3, policy: { domainsMin: 1 } }, () => false],
  ])('do not forget a death: %s', (_, options, forgets) => {
    const fleet = warm(options);
    die(fleet, 'c1');
    restartAll(fleet, ['c1'], forgets);
    restartAll(fleet, ['c1'], forgets);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['Cluster Standing']));
    for (const name of survivorsOf(fleet, ['c1'])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, 'Cluster']);
  });

  test('do not forget it with hub and broker dead', () => {
    const fleet = warm();
    fleet.setBroker(false);
    fleet.stopAgent(hubName);
    fleet.run(fleet.nowMs() + 6_000);
    die(fleet, 'c1');
    restartAll(fleet, ['c1'], () => false);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['Cluster Standing']));
  });

  test('let the cluster return as soon as it is heard again', () => {
    const fleet = warm();
    die(fleet, 'c1');
    restartAll(fleet, ['c1'], () => false);
    comeBack(fleet, 'c1', 40_000);
    for (const name of survivorsOf(fleet, [])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, undefined]);
  });

  test('all at once, the dead one with them, as after a power cut, let it return too', () => {
    const fleet = warm();
    die(fleet, 'c1');
    const names = survivorsOf(fleet, ['c1']);
    for (const name of names) fleet.stopAgent(name);
    fleet.run(fleet.nowMs() + 5_000);
    for (const name of names) fleet.startAgent(name);
    comeBack(fleet, 'c1', 60_000);
    for (const name of survivorsOf(fleet, [])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, undefined]);
  });

  test('hold a cluster down for as long after its second death as if they had run through', () => {
    const fleet = warm();
    die(fleet, 'c1');
    comeBack(fleet, 'c1', 30_000);
    die(fleet, 'c1');
    restart(fleet, 'c0', false);
    const backMs = fleet.nowMs();
    comeBack(fleet, 'c1', 60_000);
    const cleared = fleet.given.findLast(({ by, verdict }) => by === 'c0' && verdict.target === 'c1' && verdict.phase === 'Cleared');
    expect((cleared?.atMs ?? 0) - backMs).toBeGreaterThanOrEqual(20_000);
  });

  test('learn of themselves too that a verdict is over, after all others did', () => {
    const fleet = warm();
    fleet.network.setCut('c1', '*', true);
    fleet.run(fleet.nowMs() + 6_000);
    expect(standingOf(fleet, 'c1', 'c1')).toBe('Cluster');
    fleet.network.setCut('c1', '*', false);
    fleet.run(fleet.nowMs() + 5_000);
    restart(fleet, 'c1', false);
    fleet.run(fleet.nowMs() + 30_000);
    for (const name of survivorsOf(fleet, [])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, undefined]);
  });

  test('let no more be removed within the window than if they had run through', () => {
    const fleet = warm({ clusters: 10, policy: { clustersPercentMax: 20 } });
    die(fleet, 'c1');
    comeBack(fleet, 'c1', 30_000);
    die(fleet, 'c2');
    restartAll(fleet, ['c2'], () => false);
    die(fleet, 'c3');
    expect(saidOf(fleet, 'c2')).toContain('Cluster Standing');
    expect(saidOf(fleet, 'c3')).not.toContain('Cluster Standing');
    expect(fleet.obstacles.some(({ target, obstacle }) => target === 'c3' && obstacle === 'Clusters')).toBe(true);
  });

  test('let no more be removed because less than a majority has forgotten, or was away for, a death that is over', () => {
    const fleet = warm({ clusters: 10, policy: { clustersPercentMax: 20 } });
    die(fleet, 'c1');
    comeBack(fleet, 'c1', 30_000);
    die(fleet, 'c2');
    // With the one that was dead then, four of the nine that watch the third.
    restartAll(fleet, ['c2'], (name) => ['c0', 'c4', 'c5'].includes(name));
    die(fleet, 'c3');
    expect(saidOf(fleet, 'c3')).not.toContain('Cluster Standing');
    expect(fleet.node('c0').state.removals.map(({ name }) => name)).not.toContain('c1');
    expect(fleet.obstacles.some(({ by, target, obstacle }) => by === 'c0' && target === 'c3' && obstacle === 'Clusters')).toBe(true);
  });

  test('say one and the same thing of one constant silence, though it moves nothing', () => {
    const fleet = warm({ hasGateways: false });
    die(fleet, 'c1');
    restartAll(fleet, ['c1'], () => true);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['Silent Standing']));
    comeBack(fleet, 'c1', 10_000);
    for (const name of survivorsOf(fleet, [])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, undefined]);
  });
});

describe('a cluster that dies while most of its observers are down', () => {
  const dieMeanwhile = (fleet: Fleet, forgets: boolean): void => {
    const names = ['c0', 'c2', 'c3'];
    for (const name of names) fleet.stopAgent(name);
    fleet.stopAgent('c1');
    fleet.node('c1').gateway = 'gone';
    fleet.node('c1').isApiUp = false;
    fleet.run(fleet.nowMs() + 3_000);
    for (const name of names) fleet.startAgent(name, forgets);
    fleet.run(fleet.nowMs() + 30_000);
  };

  test.each<[string, Partial<FleetOptions>]>([
    ['by its gateway', {}],
    ['by its API server, where it has no gateway', { hasGateways: false, hasApiAddresses: true }],
    ['with hub and broker dead', { hasHub: false }],
  ])('is found dead by them when they are back: %s', (_, options) => {
    const fleet = warm(options);
    if (options.hasHub === false) fleet.setBroker(false);
    fleet.run(fleet.nowMs() + 5_000);
    dieMeanwhile(fleet, false);
    for (const by of ['c0', 'c2', 'c3', 'c4']) expect([by, standingOf(fleet, by, 'c1')]).toEqual([by, 'Cluster']);
  });

  test('is not by those that know nothing of it: nothing that never answered them says that it is dead', () => {
    const fleet = warm();
    dieMeanwhile(fleet, true);
    expect(saidOf(fleet, 'c1')).toEqual(new Set());
  });

  test('is called alive by all if only its agent is dead', () => {
    const fleet = warm();
    for (const name of ['c0', 'c2', 'c3', 'c1']) fleet.stopAgent(name);
    fleet.run(fleet.nowMs() + 3_000);
    for (const name of ['c0', 'c2', 'c3']) fleet.startAgent(name);
    fleet.run(fleet.nowMs() + 30_000);
    expect([...saidOf(fleet, 'c1')].filter((said) => /Cluster|DataPlane/.test(said))).toEqual([]);
  });

  test('is not held for dead by observers to which it is cut: another hears it', () => {
    const fleet = warm();
    const names = ['c0', 'c2', 'c3'];
    for (const name of names) fleet.stopAgent(name);
    for (const name of [...names, 'broker'])
      for (const [from, to] of [
        [name, 'c1'],
        ['c1', name],
      ] as const)
        fleet.network.setCut(from, to, true);
    fleet.run(fleet.nowMs() + 3_000);
    for (const name of names) fleet.startAgent(name);
    fleet.run(fleet.nowMs() + 30_000);
    expect([...saidOf(fleet, 'c1')].filter((said) => /Cluster|DataPlane/.test(said))).toEqual([]);
  });
});

describe('the death of a gateway where the API server answers', () => {
  const warmWithApi = (): Fleet => warm({ hasApiAddresses: true });

  test('is told as that of agent and gateway, not of the agent, and of the cluster when its API server is gone too', () => {
    const fleet = warmWithApi();
    die(fleet, 'c1');
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing']));
    fleet.node('c1').isApiUp = false;
    fleet.run(fleet.nowMs() + 6_000);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing', 'Cluster Standing']));
  });

  test('is not over because the agent dies too', () => {
    const fleet = warmWithApi();
    fleet.node('c1').gateway = 'gone';
    fleet.run(fleet.nowMs() + 12_000);
    fleet.stopAgent('c1');
    fleet.run(fleet.nowMs() + 20_000);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing']));
  });

  test('is not over because its observers are started anew one after the other', () => {
    const fleet = warmWithApi();
    die(fleet, 'c1');
    restartAll(fleet, ['c1'], () => false);
    restartAll(fleet, ['c1'], () => false);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing']));
  });

  test('becomes the death of the cluster when its API server dies too, whoever was started anew meanwhile', () => {
    const fleet = warmWithApi();
    die(fleet, 'c1');
    restartAll(fleet, ['c1'], () => false);
    fleet.node('c1').isApiUp = false;
    fleet.run(fleet.nowMs() + 12_000);
    for (const name of survivorsOf(fleet, ['c1'])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, 'Cluster']);
  });

  test('is over when the gateway answers, though the agent stays dead', () => {
    const fleet = warmWithApi();
    die(fleet, 'c1');
    fleet.node('c1').gateway = 'well';
    fleet.run(fleet.nowMs() + 60_000);
    for (const name of survivorsOf(fleet, ['c1'])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, 'Agent']);
  });
});

describe('the death of a gateway whose agent lives', () => {
  const dieOnlyItsGateway = (fleet: Fleet): void => {
    fleet.node('c1').gateway = 'gone';
    fleet.run(fleet.nowMs() + 12_000);
  };

  test('is not over because its observers are started anew one after the other', () => {
    const fleet = warm();
    dieOnlyItsGateway(fleet);
    restartAll(fleet, ['c1'], () => false);
    restartAll(fleet, ['c1'], () => false);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing']));
  });

  test('is not over because most are started anew with empty disks, who have never had an answer of it', () => {
    const fleet = warm();
    dieOnlyItsGateway(fleet);
    const names = ['c0', 'c2', 'c3'];
    for (const name of names) fleet.stopAgent(name);
    fleet.run(fleet.nowMs() + 1_000);
    for (const name of names) fleet.startAgent(name, true);
    fleet.run(fleet.nowMs() + 90_000);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing']));
    fleet.node('c1').gateway = 'well';
    fleet.run(fleet.nowMs() + 30_000);
    for (const name of survivorsOf(fleet, ['c1'])) expect([name, standingOf(fleet, name, 'c1')]).toEqual([name, undefined]);
  });

  test('is no matter where it never answered anybody: the cluster is neither dead nor gray', () => {
    const usual = { rttMs: 80, jitterMs: 5, lossShare: 0, burstMs: 2_850, clusters: 5, hasDirect: true, hasHub: true, hasGateways: true };
    const fleet = createFleet({ seed: 7, ...usual, policy: {} });
    fleet.node('c1').gateway = 'gone';
    fleet.run(120_000);
    expect(saidOf(fleet, 'c1')).toEqual(new Set());
  });

  test('is not over because all are started anew at once, and is when it answers', () => {
    const fleet = warm();
    dieOnlyItsGateway(fleet);
    const names = survivorsOf(fleet, []);
    for (const name of names) fleet.stopAgent(name);
    fleet.run(fleet.nowMs() + 1_000);
    for (const name of names) fleet.startAgent(name);
    fleet.run(fleet.nowMs() + 30_000);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(['DataPlane Standing']));
    fleet.node('c1').gateway = 'well';
    fleet.run(fleet.nowMs() + 30_000);
    expect(names.map((name) => standingOf(fleet, name, 'c1'))).not.toContain('DataPlane');
  });

  test.each([true, false])('is not over because its own agent is started anew; automatic: %s', (automatic) => {
    const fleet = warm({ hasApiAddresses: true, policy: { automatic } });
    dieOnlyItsGateway(fleet);
    for (let at = 0; at < 3; at++) restart(fleet, 'c1', false);
    expect(saidOf(fleet, 'c1')).toEqual(new Set(automatic ? ['DataPlane Standing'] : []));
    const told = fleet.obstacles.filter(({ by, target }) => by === 'c0' && target === 'c1').map(({ obstacle }) => obstacle);
    expect(told).toEqual(automatic ? [] : ['Manual']);
  });

  test('that is held back is still seen by all who were started anew, and nobody says meanwhile that it is over', () => {
    const fleet = warm({ policy: { automatic: false } });
    dieOnlyItsGateway(fleet);
    restartAll(fleet, ['c1'], () => false);
    for (const name of survivorsOf(fleet, ['c1', hubName]))
      expect([name, fleet.node(name).state.peers.get('c1')?.opinion]).toEqual([name, 'DataPlane']);
    expect(saidOf(fleet, 'c1')).toEqual(new Set());
    expect(new Set(fleet.obstacles.filter(({ target }) => target === 'c1').map(({ obstacle }) => obstacle))).toEqual(new Set(['Manual']));
  });

  test('is found by one that had no part in it because it was started anew meanwhile', () => {
    const fleet = warm();
    fleet.stopAgent('c0');
    dieOnlyItsGateway(fleet);
    fleet.startAgent('c0');
    fleet.run(fleet.nowMs() + 12_000);
    expect(fleet.node('c0').state.peers.get('c1')?.opinion).toBe('DataPlane');
  });
});

test('a death that is held keeps nobody from finding the next one', () => {
  const fleet = warm({ clusters: 4, policy: { automatic: false } });
  for (const name of ['c2', 'c3']) {
    die(fleet, name);
    fleet.run(fleet.nowMs() + 12_000);
  }
  for (const name of ['c0', 'c1']) {
    const { abstains, peers } = fleet.node(name).state;
    expect([abstains, peers.get('c2')?.opinion, peers.get('c3')?.opinion]).toEqual([undefined, 'Cluster', 'Cluster']);
  }
});

test('a verdict that moves nothing is not over because those who were for it doubt themselves for a while', () => {
  const fleet = warm({ hasGateways: false });
  die(fleet, 'c1');
  fleet.setBroker(false);
  fleet.run(fleet.nowMs() + 6_000);
  const setCut = (isCut: boolean): void => {
    for (const from of ['c0', 'c2', 'c3']) for (const to of ['c0', 'c2', 'c3']) if (from !== to) fleet.network.setCut(from, to, isCut);
  };
  setCut(true);
  fleet.run(fleet.nowMs() + 15_000);
  setCut(false);
  fleet.run(fleet.nowMs() + 10_000);
  expect(saidOf(fleet, 'c1')).toEqual(new Set(['Silent Standing']));
});
