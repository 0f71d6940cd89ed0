/** @module Rules of what Events say of verdicts that are not carried out. */
import { describe, expect, it } from 'vitest';
import { heldEventOf } from './event-texts.ts';

describe('the Event of a death that moves nothing', () => {
  it('speaks of a majority only where there is one', () => {
    expect(heldEventOf('NoWitness').message).toMatch(/^the only one that watches it holds it for dead/);
    expect(heldEventOf('Clusters').message).toMatch(/^a majority holds it for dead/);
  });

  it('says how a person decides where two clusters have no witness', () => {
    expect(heldEventOf('NoWitness').message).toContain('`hanse drain CLUSTER` starts elsewhere what runs there');
  });
});
