/** @module Tests of `hanse explain --history` and `--at`. */
import { describe, expect, test } from 'vitest';
import { historyLines, momentOf } from './explain-past.ts';

describe('explain --history', () => {
  test('has a row for each decision, and under it one for each further change', () => {
    const told = {
      decisions: [
        {
          revision: 90,
          time: '2030-01-01T00:01:00Z',
          policy: 'shop/web',
          clusters: [
            { name: 'aws', replicas: 2 },
            { name: 'gcp', replicas: 2 },
          ],
          replicas: 5,
          unplaced: 1,
          reason: 'Unplaced',
          message: '',
          changes: ['replicas wanted 2 -> 5', 'gcp new 2'],
        },
        {
          revision: 9,
          time: '2030-01-01T00:00:00Z',
          deleted: true as const,
          policy: '',
          clusters: [],
          reason: 'Deleted',
          message: 'the object went',
          changes: [],
        },
      ],
      more: true as const,
    };
    expect(historyLines(told, 'deployment/web')).toEqual([
      'TIME                   REVISION   PLACED        WANTED   UNPLACED   WHAT CHANGED',
      '2030-01-01T00:01:00Z   90         aws=2 gcp=2   5        1          replicas wanted 2 -> 5',
      '                                                                    gcp new 2',
      '2030-01-01T00:00:00Z   9          deleted                           the object went',
      '',
      'there are older ones: ask for more with --limit, or for those before a time with --history --at TIME',
      'one of them with its reasons: hanse explain deployment/web --at REVISION',
    ]);
  });

  test.each([
    ['90', { revision: 90 }],
    ['2030-01-01T00:00:00Z', { time: '2030-01-01T00:00:00Z' }],
  ])('--at %s names a moment', (text, moment) => {
    expect(momentOf(text)).toEqual(moment);
  });

  test.each(['0', '-1', 'yesterday', '1.5', ''])('--at %j is refused with the forms that are right', (text) => {
    expect(() => momentOf(text)).toThrow('write a time such as');
  });
});
