/** @module Packets of the mesh: what is let in, and what a hostile sender gets. */
import { generateKeyPairSync, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerName, hubName, type Membership, type MeshBeat, type MeshMessage, meshBytesMax, namesMaxOf, type Opinion } from './mesh.ts';
import { makeMeshGate } from './mesh-gate.ts';

const keys = new Map(['a', 'b', hubName].map((name) => [name, generateKeyPairSync('ed25519')]));
const signer = (name: string) => (bytes: Uint8Array) => {
  const pair = keys.get(name);
  return pair === undefined ? new Uint8Array(64) : new Uint8Array(signBytes(null, bytes, pair.privateKey));
};
let verifications = 0;
const verify = (publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean => {
  verifications += 1;
  const pair = keys.get(publicKey);
  return pair !== undefined && verifyBytes(null, bytes, pair.publicKey, signature);
};
const gateOf = (name: string) => makeMeshGate({ sign: signer(name), verify, hubKey: () => hubName });
const head = { v: 1, bootId: 'x', seq: 1, sentMs: 0 } as const;
const beat = (from: string): MeshBeat => ({ ...head, from, kind: 'beat', epoch: 0, self: { api: true, broker: true } });
const member = (name: string) => ({ name, role: 'Cluster' as const, publicKey: name, addresses: [], domain: 'd', capacity: 1, probes: [] });
const membership: Membership = {
  ...head,
  from: hubName,
  kind: 'members',
  epoch: 1,
  members: [member('a'), member('b')],
  policy: {
    profile: 'fast',
    automatic: true,
    domainsMin: 2,
    clustersPercentMax: 40,
    capacityPercentMax: 50,
    windowMs: 1,
    survivorsMin: 1,
    holdDownMs: 1,
    holdDownMsMax: 1,
    halfLifeMs: 1,
  },
};
const sealed = (by: string, message: MeshMessage, proof?: Uint8Array): Uint8Array => gateOf(by).seal(message, proof) ?? new Uint8Array();
const open = (packet: Uint8Array) => {
  const gate = gateOf('b');
  gate.setMembers(membership);
  const opened = gate.open(packet);
  return opened.ok ? opened.message.kind : opened.reason;
};
const put = (packet: Uint8Array, at: number, byte: number): Uint8Array => packet.map((old, index) => (index === at ? byte : old));

describe('a packet', () => {
  test.each<[string, Uint8Array, string]>([
    ['of a member is let in', sealed('a', beat('a')), 'beat'],
    ['of the hub is let in before any membership names it', sealed(hubName, membership), 'members'],
    ['in the name of another is refused', sealed('a', beat('b')), 'BadSignature'],
    ['in the name of the hub is refused', sealed('a', { ...membership, from: hubName }), 'BadSignature'],
    ['of a stranger is refused', sealed('a', beat('c')), 'Stranger'],
    ['with one bit changed is refused', put(sealed('a', beat('a')), 80, 33), 'BadSignature'],
    ['that is cut is refused', sealed('a', beat('a')).subarray(0, 100), 'NotJson'],
    ['that is empty is refused', new Uint8Array(), 'NotPacket'],
    ['that is none of ours is refused', new TextEncoder().encode('GET / HTTP/1.1'.repeat(20)), 'NotPacket'],
    ['larger than any may be is refused unread', new Uint8Array(1_000_000), 'TooLarge'],
    ['of another version is refused with what to do', sealed('a', { ...beat('a'), v: 2 as 1 }), 'UnknownVersion'],
    ['of no known kind is refused', sealed('a', { ...beat('a'), kind: 'toString' as 'beat' }), 'Malformed'],
    ['with a member name as a path is refused', sealed('a', { ...beat('a'), seq: -1 }), 'Malformed'],
    ['with more votes than a ballot holds is refused', sealed('a', holding('b', 'Gray', 6)), 'Malformed'],
    ['that holds the death of the broker against a cluster is refused', sealed('a', holding('b', 'Broker')), 'Malformed'],
    ['that holds the death of the hub against the broker is refused', sealed('a', holding(brokerName, 'Hub')), 'Malformed'],
    ['that holds the death of the broker against the broker is let in', sealed('a', holding(brokerName, 'Broker')), 'ballot'],
  ])('%s', (_, packet, wanted) => {
    expect(open(packet)).toBe(wanted);
  });

  test('too large for its kind is not sent', () => {
    expect(gateOf('a').seal({ ...beat('a'), bootId: 'x'.repeat(meshBytesMax.beat) })).toBeUndefined();
  });

  test('whose free room for votes is used for names is no larger than one full of votes', () => {
    const long = 'x'.repeat(63);
    const evidence = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' } as const;
    const sizes = [5, 4, 3, 2, 1, 0].map((votes) => {
      const vote = { target: long, opinion: 'Agent' as const, silentMs: 1_000, evidence };
      const names = Array.from({ length: namesMaxOf(votes) }, () => long);
      return JSON.stringify({ votes: Array.from({ length: votes }, () => vote), well: names.slice(1), open: names.slice(0, 1) }).length;
    });
    expect(Math.max(...sizes)).toBe(sizes[0]);
  });

  test('of random bytes never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const packet = new Uint8Array([72, 78, 83, 49, ...bytes]);
        expect(['NotPacket', 'NotJson', 'Malformed', 'Stranger', 'UnknownVersion']).toContain(open(packet));
      }),
    );
  });

  test('that came over both channels is checked once', () => {
    const gate = gateOf('b');
    gate.setMembers(membership);
    const packet = sealed('a', beat('a'));
    verifications = 0;
    expect([gate.open(packet).ok, gate.open(Uint8Array.from(packet)).ok, verifications]).toEqual([true, true, 1]);
  });

  test('of a member whose key was withdrawn is refused, known or not', () => {
    const gate = gateOf('b');
    gate.setMembers(membership);
    const packet = sealed('a', beat('a'));
    gate.open(packet);
    gate.setMembers({ ...membership, members: [member('b')] });
    expect(gate.open(packet)).toMatchObject({ ok: false, reason: 'Stranger' });
  });

  test('carries a proof only as the target signed it', () => {
    const gate = gateOf('b');
    gate.setMembers(membership);
    const answer = { ...head, from: 'a', kind: 'answer', to: 'b', about: 'b', nonce: 1 } as const;
    const [real, forged] = [sealed('b', beat('b')), sealed('a', beat('b'))].map((proof) => gate.open(sealed('a', answer, proof)));
    expect(real).toMatchObject({ ok: true, proof: { from: 'b' } });
    expect(forged).toMatchObject({ ok: true });
    expect(forged).not.toHaveProperty('proof');
  });
});

function holding(target: string, opinion: Opinion, votes = 1): MeshMessage {
  const evidence = { direct: 'ok', broker: 'ok', helpers: 'ok', gateway: 'ok', apiServer: 'ok' } as const;
  return {
    ...head,
    from: 'a',
    kind: 'ballot',
    epoch: 0,
    votes: Array.from({ length: votes }, () => ({ target, opinion, silentMs: 0, evidence })),
  };
}
