/** @module What `hanse detectors` prints. */
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../shared/api/cluster.ts';
import { detectorLines } from './detectors.ts';

const row = (profile: string, falseSuspicions: number) => ({
  profile,
  observers: 4,
  suspicions: falseSuspicions,
  falseSuspicions,
  heldSuspicions: 3,
  deaths: 1,
  callMilliseconds: 800,
  longestSilenceMilliseconds: 2_850,
  watchedSeconds: 90,
});
const cluster = (name: string, detectors: readonly ReturnType<typeof row>[]): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name },
  spec: {},
  status: { detectors },
});

describe('hanse detectors', () => {
  it('shows each profile, marks the one in force and names the quickest that was never wrong', () => {
    const lines = detectorLines([cluster('eu', [row('fast', 2), row('balanced', 0), row('safe', 0)])], 'fast');
    expect(lines[1]).toMatch(/^eu +fast \* +4 +2 +2 +3 +1 +0\.8s +2\.9s +90s/);
    expect(lines.at(-1)).toContain('nobody who was well is balanced');
  });

  it('names what stands as the list of clusters does: a death that is held is none that is in force', () => {
    const held = { cause: 'Cluster', phase: 'Held', message: '', since: '2030-01-01T00:00:00Z' } as const;
    const eu = cluster('eu', [row('fast', 0)]);
    expect(detectorLines([{ ...eu, status: { ...eu.status, verdict: held } }], 'fast')[1]).toMatch(/ Cluster \(held\)$/);
  });

  it('says so when nothing was told yet', () => {
    expect(detectorLines([cluster('eu', [])], 'fast').at(-1)).toContain('No observer has told yet');
  });
});
