/** @module The rules of names. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../object.ts';
import {
  configMapKey,
  dns1123Label,
  dns1123Subdomain,
  faultText,
  goQuote,
  labelName,
  labelValue,
  pathSegmentName,
  portName,
  qualifiedName,
  subdomainName,
  utf8Length,
  validateAnnotations,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './index.ts';

const configMap = (metadata: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'b', ...metadata },
});
const metaFaults = (metadata: object): string[] => validateObjectMeta(configMap(metadata), true, subdomainName).map(faultText);

describe('names', () => {
  it.each([
    ['UPPER', dns1123Subdomain, /^a lowercase RFC 1123 subdomain must consist of .* regex used for validation is '\[a-z0-9\]/],
    ['x'.repeat(254), dns1123Subdomain, /^must be no more than 253 characters$/],
    ['has.dots', dns1123Label, /^must not contain dots$/],
    ['X_', dns1123Label, /^a lowercase RFC 1123 label must consist of .*\(e\.g\. 'my-name', {2}or '123-abc', regex/],
    ['x'.repeat(64), labelValue, /^must be no more than 63 bytes$/],
    ['a/b/c', qualifiedName, /^a valid label key must consist of .* \(e\.g\. 'example\.com\/MyName'\)$/],
    ['UPPER_case/x', qualifiedName, /^prefix part a lowercase RFC 1123 subdomain/],
    ['x'.repeat(64), qualifiedName, /^name part must be no more than 63 bytes$/],
    ['bad key', configMapKey, /^a valid config key must consist of/],
    ['..', configMapKey, /^must not be '\.\.'$/],
    ['Not_A_Port', portName, /^must contain only alpha-numeric characters \(a-z, 0-9\), and hyphens \(-\)$/],
  ])('%s has one fault in the server’s words', (value, rule, text) => {
    const faults = rule(value);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(text);
  });

  it('a prefix may end in a dash, a name may not', () => {
    expect(labelName('web-', true)).toEqual([]);
    expect(labelName('web-', false)).toHaveLength(1);
  });

  it('RBAC names may hold what a URL segment holds', () => {
    expect(pathSegmentName('with:colon and space', false)).toEqual([]);
    expect(pathSegmentName('with/slash', false)).toEqual(["may not contain '/'"]);
  });

  it('every DNS label is a subdomain, and a label value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '1', '-', '.', 'A') }), (text) => {
        if (dns1123Label(text).length > 0) return;
        expect(dns1123Subdomain(text)).toEqual([]);
        expect(labelValue(text)).toEqual([]);
      }),
    );
  });
});

describe('metadata', () => {
  it('an empty name part has two faults', () => {
    expect(metaFaults({ labels: { 'example.com/': 'v' } })).toHaveLength(2);
  });

  it('an owner needs a uid and may not be an Event', () => {
    const owner = { apiVersion: 'v1', kind: 'Event', name: 'o', uid: '' };
    expect(metaFaults({ ownerReferences: [owner] })).toEqual([
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      expect.stringMatching(/\/v1, Kind=Event is disallowed from being an owner$/),
    ]);
  });

  it('only one owner can be the controller', () => {
    const owner = (name: string): object => ({ apiVersion: 'v1', kind: 'Secret', name, uid: name, controller: true });
    expect(metaFaults({ ownerReferences: [owner('o'), owner('p')] })[0]).toMatch(
      /Only one reference can have Controller set to true\. Found "true" in references for Secret\/o and Secret\/p$/,
    );
  });

  it('annotations may have 256 KiB together', () => {
    expect(validateAnnotations({ a: 'x'.repeat(262_143) }, 'f')).toEqual([]);
    expect(validateAnnotations({ a: 'x'.repeat(262_144) }, 'f').map(faultText)).toEqual(['f: Too long: may not be more than 262144 bytes']);
  });

  it('finalizers cannot be added to an object that is being deleted', () => {
    const old = configMap({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.b/c'] });
    expect(validateObjectMetaUpdate(configMap({ finalizers: ['a.b/c', 'a.b/d'] }), old).map(faultText)).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/d"}',
    ]);
  });
});

describe('texts', () => {
  it('quotes as Go does', () => {
    expect(goQuote('a"b\\c\n\u0001é\u2028')).toBe('"a\\"b\\\\c\\n\\x01é\\u2028"');
  });

  it('counts UTF-8 bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => utf8Length(text) === new TextEncoder().encode(text).length));
  });
});
