/** @module The rules of selectors. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fieldSelectorText,
  type LabelSelector,
  labelSelectorCell,
  labelSelectorText,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  selectorFromObject,
  selectorLengthMax,
  unknownFieldText,
  validateLabelSelector,
} from './index.ts';

const read = (text: string): LabelSelector => {
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};
const refusal = (text: string): string => {
  const parsed = parseLabelSelector(text);
  return parsed.ok ? 'accepted' : parsed.message;
};

describe('label selectors', () => {
  const objects: Record<string, Record<string, string>> = {
    a: { set: 'x', tier: 'front', env: 'prod', rank: '3' },
    b: { set: 'x', tier: 'back', env: 'prod', rank: '10' },
    c: { set: 'x', tier: 'back', env: 'test' },
    d: { set: 'x', env: '' },
  };
  it.each([
    ['', 'abcd'],
    ['tier=front', 'a'],
    ['tier==back,env=prod', 'b'],
    ['set=x,tier!=back', 'ad'],
    ['tier in (front,back),env notin (test)', 'ab'],
    ['set,!tier', 'd'],
    ['set=x,env=', 'd'],
    ['env in ()', 'd'],
    ['env in (,prod)', 'abd'],
    ['tier in (nothing)', ''],
    ['rank>3', 'b'],
    ['rank<10', 'a'],
    ['  tier  in  ( front , back ) ', 'abc'],
    ['constructor', ''],
  ])('%s selects %s', (text, names) => {
    const selector = read(text);
    expect(
      Object.keys(objects)
        .filter((name) => matchesLabels(selector, objects[name]))
        .join(''),
    ).toBe(names);
  });

  it.each([
    ['tier in front', "unable to parse requirement: found 'front' expected: '('"],
    ['tier=a b', "found 'b', expected: ',' or 'end of string'"],
    ['bad_key!/x=1', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
    ['a,', "found '', expected: identifier after ','"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a=!b', "unable to parse requirement: found '!', expected: identifier"],
    ['a>x', `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`],
  ])('%s is refused as the API server does', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  // Answers of a real kube-apiserver: its lexer swallows a NUL behind a token, and takes any other for the end of the text.
  it.each([
    ['a\0=b', 'a=b'],
    ['a in (\0)', 'a in ()'],
    ['a\0', 'a'],
    ['a=b,c\0 \0,d', 'a=b,c'],
    ['\0a', ''],
  ])('a NUL in %j is read as in %j', (text, same) => {
    expect(labelSelectorText(read(text))).toBe(labelSelectorText(read(same)));
  });

  it('names the fault of a key and of a value', () => {
    expect(refusal('-a=b')).toMatch(/^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of/);
    expect(refusal('a=b_')).toMatch(/^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b_": a valid label must be/);
  });

  it('prints what it reads again', () => {
    const key = fc.stringMatching(/^[a-z]([a-z.-]{0,5}[a-z])?$/);
    const value = fc.stringMatching(/^[a-z0-9]{0,5}$/);
    const list = fc.array(value, { minLength: 1, maxLength: 4 }).map((values) => values.join(','));
    const term = fc.oneof(
      fc.tuple(key, fc.constantFrom('=', '==', '!='), value).map((parts) => parts.join('')),
      fc.tuple(key, fc.constantFrom('in', 'notin'), list).map(([k, operator, values]) => `${k} ${operator} (${values})`),
      fc.tuple(fc.constantFrom('', '!'), key).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.array(term, { maxLength: 6 }), fc.dictionary(key, value), (terms, labels) => {
        const selector = read(terms.join(','));
        const again = read(labelSelectorText(selector));
        expect(matchesLabels(again, labels)).toBe(matchesLabels(selector, labels));
        expect(labelSelectorText(again)).toBe(labelSelectorText(selector));
      }),
    );
  });

  it('answers any text in bounded time', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '(', ')', ',', '!', '=', ' ', 'in ', '>', '\0') }),
        (text) => refusal(text) !== '',
      ),
    );
    expect(refusal('a'.repeat(selectorLengthMax + 1))).toContain('may have 65536');
  });

  it('an absent LabelSelector selects nothing, an empty one everything', () => {
    const absent = selectorFromObject(undefined);
    const empty = selectorFromObject({});
    expect(absent.ok && matchesLabels(absent.value, {})).toBe(false);
    expect(empty.ok && matchesLabels(empty.value, {})).toBe(true);
    expect(labelSelectorCell({})).toBe('<none>');
    expect(labelSelectorCell({ matchLabels: { b: '1' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] })).toBe(
      'a in (x,y),b=1',
    );
  });

  it('a LabelSelector with an unknown operator is refused by name', () => {
    expect(validateLabelSelector({ matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] }, 'spec.selector')).toEqual([
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "Like": not a valid selector operator',
        field: 'spec.selector.matchExpressions[0].operator',
      },
    ]);
  });
});

describe('field selectors', () => {
  const fields = { 'metadata.name': 'a', 'status.phase': 'Running' };
  it.each([
    ['', true],
    ['metadata.name=a', true],
    ['metadata.name==a,status.phase!=Pending', true],
    ['metadata.name!=a', false],
    ['spec.nodeName=', true],
    ['metadata.name=a\\,b', false],
  ])('%s is %s', (text, selected) => {
    const parsed = parseFieldSelector(text);
    expect(parsed.ok && matchesFields(parsed.value, fields)).toBe(selected);
  });

  it.each([
    ['metadata.name>a', "invalid selector: 'metadata.name>a'; can't understand 'metadata.name>a'"],
    ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ])('%s is refused as the API server does', (text, message) => {
    expect(parseFieldSelector(text)).toEqual({ ok: false, message });
  });

  it('an unknown field is named', () => {
    const parsed = parseFieldSelector('data.x=1');
    expect(parsed.ok && unknownFieldText(parsed.value, ['metadata.name', 'metadata.namespace'])).toBe(
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    expect(parsed.ok && unknownFieldText(parsed.value, ['metadata.name', 'metadata.namespace', 'status.phase'])).toBe(
      'field label not supported: data.x',
    );
  });

  it('any value survives printing and reading', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const parsed = parseFieldSelector(fieldSelectorText({ terms: [{ field: 'a', equal: true, value }] }));
        expect(parsed).toEqual({ ok: true, value: { terms: [{ field: 'a', equal: true, value }] } });
      }),
    );
  });
});
