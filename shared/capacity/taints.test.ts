/** @module Which tolerations cover which taints, with the defaults of core/v1. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { type TolerationLike, tolerates } from './taints.ts';
import { answer, node, pod, requests } from './testing-fit-dump.ts';

const taint = { key: 'a', value: 'b', effect: 'NoSchedule' };

describe('a toleration', () => {
  it.each<[string, TolerationLike, boolean]>([
    ['without an operator compares the value', { key: 'a', value: 'b' }, true],
    ['with an empty operator compares the value', { key: 'a', operator: '', value: 'b' }, true],
    ['with an empty operator does not cover another value', { key: 'a', operator: '', value: 'c' }, false],
    ['with an empty operator and no value does not cover a taint with one', { key: 'a', operator: '' }, false],
    ['with an empty effect covers all effects', { key: 'a', operator: 'Exists', effect: '' }, true],
    ['with an empty key and Exists covers all keys', { key: '', operator: 'Exists' }, true],
    ['with an operator that is not known covers nothing', { key: 'a', operator: 'Near', value: 'b' }, false],
  ])('%s', (_, toleration, expected) => {
    expect(tolerates(toleration, taint)).toBe(expected);
  });

  it.each(['', null])('of a pod or a RuntimeClass with operator %j is Equal', (operator) => {
    const tolerations = [{ key: 'a', operator, value: 'b', effect: null }];
    const tainted = node('n', {}, { spec: { taints: [taint] } });
    expect(answer([tainted], pod({ ...requests({ cpu: '1' }), tolerations }))).toMatchObject({ total: 4, exact: true });
    const kata = { kind: 'RuntimeClass', metadata: { name: 'kata' }, handler: 'kata', scheduling: { tolerations } };
    expect(answer([tainted, kata], pod({ ...requests({ cpu: '1' }), runtimeClassName: 'kata' }))).toMatchObject({ total: 4, exact: true });
  });

  it('that compares numbers, which not every cluster does, makes an estimate', () => {
    const tolerations = [{ key: 'a', operator: 'Gt', value: '3' }];
    const numbered = node('n', {}, { spec: { taints: [{ ...taint, value: '5' }] } });
    expect(fitDump([numbered, node('m')], pod({ ...requests({ cpu: '1' }), tolerations }))).toMatchObject({
      value: { total: 4n, exact: false, doubts: [expect.stringContaining('spec.tolerations: Lt and Gt')] },
    });
  });
});
