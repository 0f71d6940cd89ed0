/** @module Rules of when a Placement tells of replicas that are not ready. */
import { describe, expect, it } from 'vitest';
import type { UnreadyCluster } from '../../../shared/api/index.ts';
import { createUnreadyTeller } from './unready.ts';

const two: UnreadyCluster = { name: 'home', replicas: 5, ready: 3 };

describe('replicas that are not ready', () => {
  const teller = (): { at: (ms: number) => ReturnType<typeof createUnreadyTeller> } => {
    let now = 0;
    const made = createUnreadyTeller(() => now);
    return {
      at: (ms) => {
        now = ms;
        return made;
      },
    };
  };

  it('are told when they have been so for a while, and not while they start', () => {
    const { at } = teller();
    expect(at(0).look('k', [two], undefined)).toEqual({ write: undefined, againMs: 5_000 });
    expect(at(2_000).look('k', [{ ...two, ready: 4 }], undefined)).toEqual({ write: undefined, againMs: 3_000 });
    expect(at(3_000).look('k', [], undefined)).toEqual({ write: undefined, againMs: undefined });
    expect(at(4_000).look('k', [two], undefined).write).toBeUndefined();
    expect(at(9_000).look('k', [two], undefined)).toEqual({ write: [two], againMs: 30_000 });
  });

  it('are told anew no more often than that, and no more when all are ready', () => {
    const { at } = teller();
    expect(at(0).look('k', [two], [two])).toEqual({ write: undefined, againMs: 30_000 });
    const one = { ...two, ready: 4 };
    expect(at(1_000).look('k', [one], [two]).write).toBeUndefined();
    expect(at(6_000).look('k', [one], [two]).write).toEqual([one]);
    expect(at(7_000).look('k', [], [one])).toEqual({ write: [], againMs: undefined });
  });

  it('are kept of so many clusters and no more', () => {
    const { at } = teller();
    const many = Array.from({ length: 150 }, (_, index) => ({ ...two, name: `c${index}` }));
    at(0).look('k', many, undefined);
    expect(at(5_000).look('k', many, undefined).write).toHaveLength(100);
  });
});
