/** @module Rules of what Events say of verdicts that are not carried out. */
import { describe, expect, it } from 'vitest';
import { obstacleText } from '../../../shared/health/index.ts';
import { heldEventOf } from './event-texts.ts';
import type { HeldDeath } from './relation.ts';

const death: HeldDeath = {
  ...{ cause: 'Cluster', sinceMs: 0, message: 'the cluster is dead; 2 of 3 observers agree (a, b; 2 needed)' },
  ...{ votes: '2/2/3', voters: ['a', 'b'], obstacle: 'Clusters' },
};

describe('the Event of a death that moves nothing', () => {
  it('speaks of a majority only where there is one', () => {
    expect(heldEventOf({ ...death, obstacle: 'NoWitness' }, '').message).toMatch(
      /^the only one that watches it finds: the cluster is dead/,
    );
    expect(heldEventOf(death, '').message).toMatch(/^a majority finds: the cluster is dead/);
  });

  it('says what is agreed on, who agrees, and why nothing moves', () => {
    const { message } = heldEventOf(death, obstacleText.Clusters);
    expect(message).toBe(`a majority finds: ${death.message}: ${obstacleText.Clusters}`);
  });
});
