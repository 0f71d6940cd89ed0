/** @module What desired work must be to reach the agent's hands. */
import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sealObject } from '../../hub/fleet/bus/seal.ts';
import type { WorkItem } from '../../shared/wire/messages.ts';
import { itemKey, signedBytes } from '../../shared/wire/signature.ts';
import { agentKeysFrom, makeAgentKeys, workVerifier } from './keys.ts';
import { makeWorkGate, type WorkGate, type WorkRecord } from './work-gate.ts';

const hubKey = generateKeyPairSync('ed25519');
const rawHubKey = hubKey.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
const keys = makeAgentKeys();
const gateOf = (): WorkGate => makeWorkGate({ cluster: 'eu', open: keys.open, verify: workVerifier(rawHubKey) });

const work = (seq: number, changes: Partial<WorkItem> = {}): WorkItem => ({
  v: 1,
  cluster: 'eu',
  id: 'a',
  seq,
  op: 'apply',
  ref: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: 'a' },
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
  adopt: 'Never',
  ...changes,
});
const record = (item: WorkItem, key = itemKey(item.cluster, item.id)): WorkRecord => {
  const payload = Buffer.from(JSON.stringify(item));
  return { key, payload, signature: sign(null, signedBytes(key, payload), hubKey.privateKey).toString('base64') };
};

describe('the gate', () => {
  test('lets signed work through once, and newer work again', () => {
    const gate = gateOf();
    expect(gate.pass(record(work(2)))).toEqual({ pass: 'item', item: work(2) });
    expect(gate.pass(record(work(2)))).toEqual({ pass: 'known' });
    expect(gate.pass(record(work(3)))).toEqual({ pass: 'item', item: work(3) });
    expect(gate.pass(record(work(2)))).toMatchObject({ pass: 'outdated', knownSeq: 3 });
  });

  test('after a restart the remembered revision comes once more, an older one never', () => {
    const gate = gateOf();
    gate.rememberSeq('a', 5);
    expect(gate.pass(record(work(4)))).toMatchObject({ pass: 'outdated', knownSeq: 5 });
    expect(gate.pass(record(work(5)))).toMatchObject({ pass: 'item' });
  });

  test.each<[string, WorkRecord, string]>([
    ['no signature', { ...record(work(1)), signature: undefined }, 'NoSignature'],
    ['a signature that is none', { ...record(work(1)), signature: 'AAAA' }, 'BadSignature'],
    ['another payload under a good signature', { ...record(work(1)), payload: Buffer.from(JSON.stringify(work(9))) }, 'BadSignature'],
    ['a record moved from another key', { ...record(work(1)), key: 'eu.b' }, 'BadSignature'],
    ['work of another cluster, signed for this place', record(work(1, { cluster: 'us' }), 'eu.a'), 'WrongCluster'],
    ['work of another id, signed for this place', record(work(1, { id: 'b' }), 'eu.a'), 'WrongId'],
  ])('refuses %s', (_, hostile, reason) => {
    expect(gateOf().pass(hostile)).toMatchObject({ pass: 'refused', reason });
  });

  test('no change of a byte passes', () => {
    const good = record(work(1));
    fc.assert(
      fc.property(fc.nat(good.payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const payload = Uint8Array.from(good.payload);
        payload[at] = (payload[at] ?? 0) ^ flip;
        expect(gateOf().pass({ ...good, payload })).toMatchObject({ pass: 'refused' });
      }),
    );
  });
});

describe('sealing', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'aHVudGVyMg==' } };
  const sealed = (seq: number, sealingKey = keys.sealingKey): WorkItem => {
    const { object: _, ...rest } = work(seq);
    return { ...rest, sealed: sealObject(secret, work(seq), sealingKey) };
  };

  test('opens at its agent, also with keys read back from the store', () => {
    expect(gateOf().pass(record(sealed(1)))).toEqual({ pass: 'item', item: work(1, { object: secret }) });
    expect(agentKeysFrom(keys.secret).open(sealed(1))).toEqual(secret);
    expect(JSON.stringify(sealed(1))).not.toContain('aHVudGVyMg');
  });

  test('does not open with another key, nor in another place or revision', () => {
    expect(gateOf().pass(record(sealed(1, makeAgentKeys().sealingKey)))).toMatchObject({ reason: 'CannotOpen' });
    expect(keys.open({ ...sealed(1), seq: 2 })).toBeUndefined();
    expect(keys.open({ ...sealed(1), cluster: 'us' })).toBeUndefined();
  });
});
