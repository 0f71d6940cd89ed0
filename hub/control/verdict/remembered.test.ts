/** @module Rules of what a hub that starts anew still knows of deaths. */
import { describe, expect, it } from 'vitest';
import { type Cluster, type ClusterStatus, meshPolicyOf, type PastOutage } from '../../../shared/api/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { givenUpIn, heldSinceMs, observedIn, rememberedIn } from './remembered.ts';

const policy = meshPolicyOf({});
const cluster = (status: Partial<ClusterStatus>): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name: 'c' },
  spec: {},
  status,
});
const outage: PastOutage = {
  ...{ cause: 'Broker', phase: 'Cleared', id: 'boot/1', since: timeText(1_000), at: timeText(2_000) },
  ...{ votes: '2/2/3', voters: ['a', 'b'], message: 'the broker did not answer' },
};
type Entry = readonly [cause: string, phase: string, votes?: string];
/** Newest first, as they are kept; each a second after the one before. */
const past = (...entries: readonly Entry[]) =>
  entries
    .map(([cause, phase, votes], at) => ({ cause, phase, at: timeText((at + 1) * 1_000), ...(votes === undefined ? {} : { votes }) }))
    .reverse();
const dead: Partial<ClusterStatus> = {
  verdict: {
    ...{ cause: 'Cluster', message: 'dead', since: timeText(1_000), by: 'Observers', phase: 'Standing' },
    ...{ votes: '2/2/3', voters: ['a', 'b'], epoch: 7 },
  },
  verdictHistory: past(['Cluster', 'Standing', '2/2/3']),
};

describe('a hub that starts anew', () => {
  it('goes on with the verdict that stood: its time, its votes and its number', () => {
    const { epoch, verdicts } = rememberedIn([cluster(dead)], policy);
    expect(epoch).toBe(7);
    expect(verdicts).toMatchObject([{ target: 'c', cause: 'Cluster', phase: 'Standing', sinceMs: 1_000, needed: 2, observers: 3 }]);
  });

  it('counts decisions on from the highest number, of those that are over too', () => {
    const [newest, ...older] = past(['Cluster', 'Standing', '2/2/3'], ['Cluster', 'Cleared']);
    const over = cluster({ verdictHistory: [newest, ...older.map((one) => ({ ...one, epoch: 9 }))].flatMap((one) => one ?? []) });
    expect(rememberedIn([over, cluster(dead)], policy).epoch).toBe(9);
  });

  it('leaves the replicas that had their turn where they went, and has the turn of others come', () => {
    expect(observedIn(cluster({ ...dead, givenUpSince: timeText(6_000) }))?.isReplicasTurn).toBe(true);
    expect(observedIn(cluster(dead))?.isReplicasTurn).toBe(false);
    expect(givenUpIn([cluster({ ...dead, givenUpSince: timeText(6_000) })])).toEqual([{ name: 'c', atMs: 1_000, isOut: true }]);
    expect(givenUpIn([cluster(dead)])).toEqual([]);
  });

  it.each<[string, readonly Entry[], boolean | undefined]>([
    [
      'came after the death of the whole',
      [
        ['Cluster', 'Standing'],
        ['DataPlane', 'Standing'],
      ],
      true,
    ],
    [
      'came after it, and is held down',
      [
        ['Cluster', 'Returning'],
        ['DataPlane', 'Standing'],
        ['DataPlane', 'Returning'],
      ],
      true,
    ],
    [
      'came when that was over',
      [
        ['Cluster', 'Standing'],
        ['Cluster', 'Cleared'],
        ['DataPlane', 'Standing'],
      ],
      undefined,
    ],
    ['came alone', [['DataPlane', 'Standing']], undefined],
  ])('knows that the death of a gateway %s', (_, entries, wasDead) => {
    const verdict = { cause: 'DataPlane', message: '', since: timeText(1_000), by: 'Observers', phase: 'Standing' } as const;
    expect(observedIn(cluster({ verdict, verdictHistory: past(...entries) }))?.wasDead).toBe(wasDead);
  });

  it('counts a death that is over within the window', () => {
    const over = cluster({ verdictHistory: past(['Cluster', 'Standing', '2/2/3'], ['Cluster', 'Cleared']) });
    expect(givenUpIn([over])).toEqual([{ name: 'c', atMs: 1_000, isOut: false }]);
    expect(rememberedIn([over], policy).removals).toEqual([{ name: 'c', atMs: 1_000, isOut: false }]);
  });

  it('counts a death within the window while the cluster is held down, too', () => {
    const verdict = { cause: 'Cluster', message: 'dead', since: timeText(1_000), by: 'Observers', phase: 'Returning' } as const;
    const returning = cluster({ verdict, verdictHistory: past(['Cluster', 'Standing', '2/2/3'], ['Cluster', 'Returning', '2/2/3']) });
    expect(givenUpIn([returning])).toEqual([{ name: 'c', atMs: 1_000, isOut: false }]);
  });

  it('trusts a cluster that came and went no sooner than before: each death that was agreed on counts, once', () => {
    const pointsIn = (verdictHistory: ClusterStatus['verdictHistory'] = []) => {
      const [penalty] = rememberedIn([cluster({ verdictHistory })], policy).penalties;
      return Math.round((penalty?.points ?? 0) / 1_000);
    };
    const pointsOf = (...entries: readonly Entry[]) => pointsIn(past(...entries));
    const death = ['Cluster', 'Standing', '2/2/3'] as const;
    expect(pointsOf(death, ['Cluster', 'Returning'], death, ['Cluster', 'Cleared'], death)).toBe(3);
    expect(pointsOf(death, ['DataPlane', 'Standing', '2/2/3'])).toBe(1);
    expect(pointsOf(['Cluster', 'Standing'])).toBe(0);
    const [later, first] = past(death, ['DataPlane', 'Standing', '2/2/3']);
    expect(pointsIn([later, outage, first].flatMap((one) => one ?? []))).toBe(1);
  });

  it('takes no death for one in force that was held', () => {
    const verdict = {
      ...dead.verdict,
      cause: 'Cluster',
      message: 'dead',
      since: timeText(1_000),
      phase: 'Held',
      obstacle: 'Manual',
    } as const;
    const held = cluster({ verdict, verdictHistory: past(['Cluster', 'Held', '2/2/3']) });
    expect([observedIn(held), rememberedIn([held], policy), givenUpIn([held])]).toEqual([
      undefined,
      { epoch: 0, verdicts: [], penalties: [], removals: [] },
      [],
    ]);
  });

  it('tells a death that is held from when it was, and one of another cause from now', () => {
    const verdict = { cause: 'Cluster', message: 'dead', since: timeText(1_000), by: 'Observers', phase: 'Held' } as const;
    const began = { object: cluster({ verdict }), heldDeath: undefined };
    expect([heldSinceMs(began, 'Cluster', 9_000), heldSinceMs(began, 'DataPlane', 9_000)]).toEqual([1_000, 9_000]);
    expect(heldSinceMs({ object: cluster(dead), heldDeath: undefined }, 'Cluster', 9_000)).toBe(9_000);
  });

  it('tells no time to come, when the clock was set back since', () => {
    const verdict = { cause: 'Cluster', message: 'dead', since: timeText(9_000), by: 'Observers', phase: 'Held' } as const;
    expect(heldSinceMs({ object: cluster({ verdict }), heldDeath: undefined }, 'Cluster', 1_000)).toBe(1_000);
  });

  it('finds out anew what it made of its own hearing alone', () => {
    const silent = cluster({ verdict: { cause: 'Agent', message: '', since: timeText(0), by: 'Hub' } });
    expect([observedIn(silent), rememberedIn([silent], policy).verdicts]).toEqual([undefined, []]);
  });
});
