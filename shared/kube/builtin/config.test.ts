/** @module The rules of config. */
import { describe, expect, it } from 'vitest';
import { withAt } from './read.ts';
import { created, objectOf, typeOf, updated } from './testing/write.ts';

const immutable = 'Forbidden: field is immutable when `immutable` is set';

describe('ConfigMaps and Secrets', () => {
  const maps = typeOf('configmaps');
  const secrets = typeOf('secrets');

  it('a key has its own alphabet, and is in one of the two maps', () => {
    expect(created(maps, { data: { 'bad key': 'x' } }).faults).toEqual([
      "data[bad key]: Invalid value: \"bad key\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ]);
    expect(created(maps, { data: { both: 'x' }, binaryData: { both: 'eA==' } }).faults).toEqual([
      'data[both]: Invalid value: "both": duplicate of key present in binaryData',
    ]);
  });

  it('1 MiB fits and a byte more does not', () => {
    expect(created(maps, { data: { a: 'x'.repeat(1_048_576) } }).faults).toEqual([]);
    expect(created(maps, { data: { a: 'x'.repeat(1_048_577) } }).faults).toEqual(['[]: Too long: may not be more than 1048576 bytes']);
  });

  it('what is immutable stays so', () => {
    const old = objectOf(maps, { immutable: true, data: { x: '1' } });
    expect(updated(maps, { ...old, data: { x: '2' } }, old).faults).toEqual([`data: ${immutable}`]);
    expect(updated(maps, { ...old, binaryData: { z: 'AA==' } }, old).faults).toEqual([`binaryData: ${immutable}`]);
    expect(updated(maps, withAt(old, ['immutable'], undefined), old).faults).toEqual([`immutable: ${immutable}`]);
    expect(updated(maps, withAt(old, ['metadata', 'annotations'], { note: 'fine' }), old).faults).toEqual([]);
  });

  it('stringData becomes data', () => {
    const { object } = created(secrets, { stringData: { a: 'é' }, data: { b: 'AA==' } });
    expect(object.data).toEqual({ a: 'w6k=', b: 'AA==' });
    expect(object.stringData).toBeUndefined();
    expect(object.type).toBe('Opaque');
  });

  it.each<[string, object, string[]]>([
    ['kubernetes.io/tls', { 'tls.crt': 'eA==' }, ['data[tls.key]: Required value']],
    ['kubernetes.io/dockerconfigjson', {}, ['data[.dockerconfigjson]: Required value']],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': 'bm9qc29u' },
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'n\' looking for beginning of value'],
    ],
    ['kubernetes.io/basic-auth', { username: '' }, []],
  ])('a Secret of type %s with %j', (type, data, faults) => {
    expect(created(secrets, { type, data }).faults).toEqual(faults);
  });

  it('a Secret keeps its type', () => {
    const { object } = created(secrets, { data: {} });
    expect(updated(secrets, { ...object, type: 'other' }, object).faults).toEqual(['type: Invalid value: "other": field is immutable']);
  });
});

describe('Namespaces', () => {
  const type = typeOf('namespaces');
  it('are active, bear their name as a label, and are finalized by Kubernetes', () => {
    const { object, faults } = created(type, {});
    expect(faults).toEqual([]);
    expect(object).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'web' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('keep their label and finalizers whatever an update says', () => {
    const { object: old } = created(type, {});
    const { labels: _, ...metadata } = old.metadata;
    const { object } = updated(type, { ...old, metadata, spec: { finalizers: ['example.com/x'] } }, old);
    expect(object).toEqual(old);
  });
});

const rbac = 'rbac.authorization.k8s.io';

describe('RBAC objects', () => {
  it('a role without verbs and a binding to nothing are refused', () => {
    expect(created(typeOf('roles'), { rules: [{ apiGroups: [''], resources: ['pods'] }] }).faults).toEqual([
      'rules[0].verbs: Required value: verbs must contain at least one value',
    ]);
    expect(
      created(typeOf('clusterrolebindings'), { roleRef: { kind: 'Role', name: 'x' }, subjects: [{ kind: 'Robot', name: 'r' }] }).faults,
    ).toEqual([
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ]);
  });

  it('a group that is written empty, as Go clients write it, is the one of RBAC', () => {
    const { object, faults } = created(typeOf('rolebindings'), {
      roleRef: { apiGroup: '', kind: 'Role', name: 'x' },
      subjects: [{ apiGroup: '', kind: 'User', name: 'a' }],
    });
    expect(faults).toEqual([]);
    expect(object).toMatchObject({ roleRef: { apiGroup: rbac }, subjects: [{ apiGroup: rbac }] });
  });

  it('a binding keeps its role', () => {
    const type = typeOf('rolebindings');
    const { object, faults } = created(type, { roleRef: { kind: 'Role', name: 'x' }, subjects: [{ kind: 'User', name: 'a' }] });
    expect(faults).toEqual([]);
    expect(updated(type, withAt(object, ['roleRef', 'name'], 'y'), object).faults).toEqual([
      'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"y"}: cannot change roleRef',
    ]);
  });
});
