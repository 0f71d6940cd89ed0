/** @module What is said of a cluster whose death could not be told. */
import { describe, expect, test } from 'vitest';
import { meshPolicyOf } from '../../../shared/api/index.ts';
import { hubName, type Member } from '../../../shared/wire/mesh.ts';
import { failoverCondition, watchedIn } from './watched.ts';

const probes = [{ role: 'APIServer', url: 'https://a.example:6443/readyz' }] as const;
const memberOf = (name: string, more: Partial<Member> = {}): Member => ({
  ...{ name, role: 'Cluster', publicKey: `U${name}`, addresses: [`${name}.example:7472`], domain: `cloud/${name}`, capacity: 1, probes },
  ...more,
});
const others = [memberOf('b'), memberOf('c')];
const found = (members: readonly Member[]) => {
  const watched = watchedIn({ members, policy: meshPolicyOf({}) }, 'a');
  return watched === undefined ? undefined : failoverCondition(watched);
};

test('a cluster that others hear and look at can fail over, and it is said who does and where', () => {
  expect(found([memberOf('a'), ...others])).toEqual({
    type: 'FailoverReady',
    status: 'True',
    reason: 'Watched',
    message: '2 observers watch it and look at https://a.example:6443/readyz',
  });
});

test('who is given up watches nobody', () => {
  const members = [memberOf('a'), memberOf('b'), memberOf('c'), memberOf('d', { isLost: true })];
  expect(found(members)?.message).toContain('2 of 3 observers (the hub has given up the rest) watch it');
  expect(found([memberOf('a'), memberOf('b'), memberOf('d', { isLost: true })])).toMatchObject({ reason: 'TooFewObservers' });
});

describe('says what lacks, and the mend', () => {
  test.each<[string, readonly Member[], string, string]>([
    ['no probes', [memberOf('a', { probes: [] }), ...others], 'NoProbes', `kubectl patch cluster a --type merge -p '{"spec":{"probes":`],
    ['no datagrams', [memberOf('a', { addresses: [] }), ...others], 'NoDatagrams', '--mesh-listen'],
    ['no majority', [memberOf('a'), memberOf('b')], 'TooFewObservers', 'join another cluster'],
    ['one domain', [memberOf('a'), ...others.map((member) => ({ ...member, domain: 'unknown' }))], 'OneDomain', 'detection.quorumDomains'],
  ])('%s', (_, members, reason, mend) => {
    const condition = found(members);
    expect(condition).toMatchObject({ status: 'False', reason });
    expect(condition?.message).toContain(mend);
  });

  test('all of it at once, the first as the reason', () => {
    const condition = found([memberOf('a', { probes: [], addresses: [] }), ...others]);
    expect(condition?.reason).toBe('NoProbes');
    expect(condition?.message).toContain('--mesh-listen');
  });
});

test('two clusters have the hub as their third voice', () => {
  const hub: Member = { ...memberOf(hubName), role: 'Witness' };
  expect(found([memberOf('a'), memberOf('b'), hub])).toMatchObject({ status: 'True' });
});

test('a witness needs no probes: nothing is ever moved from it', () => {
  expect(found([memberOf('a', { role: 'Witness', probes: [] }), ...others])).toMatchObject({ status: 'True' });
});

test('nothing is said of a cluster that takes no part', () => {
  expect(found(others)).toBeUndefined();
});
