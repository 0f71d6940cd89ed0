/** @module Rules of what Events say of verdicts that are not carried out. */
import { describe, expect, it } from 'vitest';
import { meshPolicyOf } from '../../../shared/api/index.ts';
import { obstacleText } from '../../../shared/health/index.ts';
import { heldText } from '../cluster/held-text.ts';
import { heldEventOf } from './event-texts.ts';
import type { HeldDeath } from './relation.ts';

const death: HeldDeath = {
  ...{ cause: 'Cluster', sinceMs: 0, obstacle: 'Clusters' },
  ...{ voters: ['a', 'b'], domains: 2, needed: 2, observers: 3 },
};

describe('the Event of a death that moves nothing', () => {
  it('speaks of a majority only where there is one', () => {
    expect(heldEventOf({ ...death, obstacle: 'NoWitness' }, '').message).toMatch(
      /^the only one that watches it finds: the cluster is dead/,
    );
    expect(heldEventOf(death, '').message).toMatch(/^a majority finds: the cluster is dead/);
  });

  it('says what is agreed on, why nothing moves, and who agrees', () => {
    const { message } = heldEventOf(death, obstacleText.Clusters);
    expect(message).toContain(`: ${obstacleText.Clusters}. 2 of 3 observers agree (a, b; 2 needed; 2 failure domains)`);
  });

  it('names the mend before all the names that may not fit into it, and counts the rest of the voters', () => {
    const names = (letter: string) => Array.from({ length: 40 }, (_, at) => `${letter.repeat(60)}${at}`);
    const removals = names('r').map((name) => ({ name, atMs: 0, isOut: true }));
    const why = heldText('x'.repeat(63), 'Clusters', meshPolicyOf({}), removals);
    const { message } = heldEventOf({ ...death, voters: names('v') }, why);
    const longest = heldEventOf({ ...death, obstacle: 'Manual', voters: names('v') }, heldText('x', 'Manual', meshPolicyOf({}), []));
    expect(message.slice(0, 512)).toMatch(/Change the policy \(.*hanse drain xx/);
    expect(longest.message).toContain('and 35 more; 2 needed');
    expect(longest.message.length).toBeLessThan(1_024);
  });

  it('does not promise that replicas stay where the hub may give the cluster up by its own hearing', () => {
    const { message } = heldEventOf({ ...death, obstacle: 'OneDomain' }, obstacleText.OneDomain);
    expect(message).toMatch(/quorumDomains to 1; until then the hub gives up what it does not hear itself/);
    expect(message).not.toContain('stay');
  });
});
