/** @module Rules of reading JSON and YAML texts. */
import { describe, expect, it } from 'vitest';
import { parseStrict } from './index.ts';

describe('reading texts', () => {
  it.each<[string, string, 'json' | 'yaml', unknown, string[]]>([
    [
      'keys twice',
      '{"metadata":{"name":"a","name":"b"},"immutable":false,"immutable":true}',
      'json',
      { metadata: { name: 'b' }, immutable: true },
      ['metadata.name', 'immutable'],
    ],
    [
      'keys twice in lists',
      '[{"a":"}{\\"","a":[1,{"b":1,"\\u0062":2}]},"x"]',
      'json',
      [{ a: [1, { b: 2 }] }, 'x'],
      ['[0].a', '[0].a[1].b'],
    ],
    ['JSON as YAML', '{"a":1,"a":2}', 'yaml', { a: 2 }, ['a']],
    ['YAML with keys twice', 'a: {b: 1, b: 2}\nl:\n- c: 1\n  c: 2\n', 'yaml', { a: { b: 2 }, l: [{ c: 2 }] }, ['a.b', 'l[0].c']],
    [
      'YAML 1.1',
      'on: yes\nmode: 0644\nday: 2001-02-03\ntime: 12:30\nnone: ~\n',
      'yaml',
      { true: true, mode: 420, day: '2001-02-03', time: '12:30', none: null },
      [],
    ],
    ['anchors and merge keys', 'a: &a {x: 1}\nb: {<<: *a, z: 2}\n', 'yaml', { a: { x: 1 }, b: { x: 1, z: 2 } }, []],
  ])('%s', (_, text, format, value, duplicates) => {
    expect(parseStrict(text, { format })).toEqual({ ok: true, value, duplicates });
  });

  it.each<[string, string, 'json' | 'yaml']>([
    ['broken JSON', '{"a":', 'json'],
    ['YAML in JSON', 'a: 1', 'json'],
    ['broken YAML', 'a: [1', 'yaml'],
    ['infinity', 'a: .inf', 'yaml'],
    ['keys that are no scalars', '? [a]\n: b\n', 'yaml'],
    ['YAML too long', `a: ${'x'.repeat(1024 * 1024)}`, 'yaml'],
    [
      'aliases without end',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((name, n) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[n]}`).join(',')}]`)
        .join('\n')}`,
      'yaml',
    ],
    ['a text too long', ' '.repeat(3 * 1024 * 1024 + 1), 'json'],
  ])('refuses %s', (_, text, format) => {
    expect(parseStrict(text, { format })).toMatchObject({ ok: false });
  });

  const many = 200_000;
  it.each<[string, string, readonly ('json' | 'yaml')[]]>([
    ['lists', '['.repeat(many) + ']'.repeat(many), ['json', 'yaml']],
    ['lists that never end', '['.repeat(many), ['json', 'yaml']],
    ['objects', `${'{"a":'.repeat(many)}1${'}'.repeat(many)}`, ['json', 'yaml']],
    ['objects that never end', '{"a":'.repeat(many), ['json', 'yaml']],
    ['lists that end wrongly', `${'['.repeat(many)}}`, ['json', 'yaml']],
    ['flow lists of YAML', `a: ${'[x, '.repeat(many)}`, ['yaml']],
    ['flow maps of YAML', `a: ${'{a: '.repeat(many)}`, ['yaml']],
    ['block lists of YAML', '- '.repeat(many), ['yaml']],
    ['keys of YAML', `${'? '.repeat(many)}x`, ['yaml']],
    ['block maps of YAML', Array.from({ length: 402 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), ['yaml']],
  ])('refuses %s nested without end, and says how deep is too deep', (_, text, formats) => {
    for (const format of formats) expect(parseStrict(text, { format })).toEqual({ ok: false, message: 'exceeded max depth of 400' });
  });

  it('reads what is nested to the very limit, and one level more is refused, in both formats', () => {
    const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const flow = (depth: number) => `a: ${lists(depth - 1)}`;
    const block = (depth: number) => `${'- '.repeat(depth)}x`;
    const isRead = (text: string, format: 'json' | 'yaml') => parseStrict(text, { format }).ok;
    expect([400, 401].map((depth) => [isRead(lists(depth), 'json'), isRead(flow(depth), 'yaml'), isRead(block(depth), 'yaml')])).toEqual([
      [true, true, true],
      [false, false, false],
    ]);
  });
});
