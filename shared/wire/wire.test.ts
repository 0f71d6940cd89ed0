/** @module The wire is a trust boundary: whatever comes, the decoder answers with a message or a reason, and never throws. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CapacityReport } from '../capacity/index.ts';
import { plainDocument } from '../kube/custom/index.ts';
import { decodeMessage, encodeMessage, faultOf, type MessageKind, type MessageOf } from './decode.ts';
import { bytesMax, jsonDepthMax } from './limits.ts';
import type { ReportMessage, WorkItem } from './messages.ts';
import { itemKey, mustSeal, sealingBinding, signedBytes } from './signature.ts';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web' };
const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };

const samples: { readonly [K in MessageKind]: MessageOf[K] } & { readonly report: { readonly report: CapacityReport } } = {
  hello: {
    v: 1,
    cluster: 'eu',
    bootId: 'b',
    agentVersion: '1',
    kubernetesVersion: 'v1.36',
    apis: [{ groupVersion: 'v1', kind: 'Pod', resource: 'pods', namespaced: true }],
    runtimeClasses: [],
    labels: {},
    nowMs: 1,
  },
  beat: {
    v: 1,
    cluster: 'eu',
    bootId: 'b',
    seq: 1,
    nowMs: 1,
    api: { reachable: false, reason: 'Timeout' },
    reportSeq: -1,
    forbidden: ['list nodes'],
  },
  report: {
    v: 1,
    cluster: 'eu',
    bootId: 'b',
    report: {
      kind: 'snapshot',
      epoch: 1,
      seq: 1,
      observedAtMs: 1,
      sources: { nodes: '5' },
      complete: true,
      unsupported: [],
      resourceNames: ['cpu', 'memory'],
      groups: [{ id: 7, labels: {}, taints: [], ready: true, unschedulable: false, allocatable: [4000, 8000], runtimeHandlers: [] }],
      nodes: {
        names: ['n1', 'n2'],
        group: [7, 7],
        podsFree: [110, -1],
        free: [
          [1, -2],
          [3, 4],
        ],
      },
      pending: [{ shapeHash: 'h', count: 1, oldestSeconds: 3, requests: { cpu: 1 } }],
      runtimeClasses: [],
      networks: [],
      acks: { w: 3 },
      present: { w: { bound: 1, pending: 0 } },
    },
  },
  kind: {
    v: 1,
    cluster: 'eu',
    hash: 'a'.repeat(64),
    document: plainDocument('acme.dev/v1', 'Widget', 'widgets', { type: 'object' }),
  },
  want: { v: 1, what: ['hello', 'status'] },
  renew: { v: 1, cluster: 'eu', publicKey: 'U' },
  renewAnswer: { v: 1, ok: false, reason: 'Denied', message: 'no' },
  work: { v: 1, cluster: 'eu', id: 'w-1', seq: 3, op: 'apply', ref, object, adopt: 'Never', yieldFields: ['spec.replicas'] },
  status: { v: 1, cluster: 'eu', id: 'w-1', seq: 3, ref, phase: 'Applied', status: { readyReplicas: 1 }, observedAtMs: 1 },
  join: { v: 1, token: 'a.b', name: 'eu', publicKey: 'U', sealingKey: 'AAAA', labels: {}, kubernetesVersion: '', nowMs: 1, proof: 'AAAA' },
  joinAnswer: { v: 1, state: 'Pending', message: 'wait', retryAfterMs: 1 },
};
const kinds = Object.keys(samples) as MessageKind[];
const jsonKinds = kinds.filter((kind) => kind !== 'report');

describe('decoding', () => {
  test.each(kinds)('a %s comes back as it was sent, and a field of a newer peer does no harm', (kind) => {
    expect(faultOf(kind, samples[kind])).toBeUndefined();
    const { bytes, fits } = encodeMessage(kind, samples[kind]);
    expect(fits).toBe(true);
    expect(decodeMessage(kind, bytes)).toEqual({ ok: true, value: samples[kind] });
    if (kind !== 'report') expect(decodeMessage(kind, bytesOf({ ...samples[kind], newField: [1] })).ok).toBe(true);
  });

  test('any bytes give a message or a reason', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytesOf)), (kind, bytes) => {
        const decoded = decodeMessage(kind, bytes, 'eu');
        expect(decoded.ok || decoded.message.length > 0).toBe(true);
      }),
    );
  });

  test('a message with any one value replaced by another type, or left out, is refused or still of its shape', () => {
    fc.assert(
      fc.property(fc.constantFrom(...jsonKinds), fc.nat(), fc.oneof(fc.jsonValue(), fc.constant(undefined)), (kind, at, junk) => {
        const changed = structuredClone(samples[kind]) as unknown;
        const places = placesOf(changed);
        const place = places[at % places.length];
        if (place === undefined) return;
        if (junk === undefined) delete place.holder[place.key];
        else place.holder[place.key] = junk;
        const decoded = decodeMessage(kind, bytesOf(changed), undefined);
        if (decoded.ok) expect(faultOf(kind, decoded.value)).toBeUndefined();
        else expect(decoded.message).toContain(kind);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['another cluster’s', 'beat', { ...samples.beat, cluster: 'us' }, 'WrongCluster'],
    ['a later version', 'beat', { ...samples.beat, v: 2 }, 'UnknownVersion'],
    ['too many bytes', 'beat', { ...samples.beat, pad: 'x'.repeat(bytesMax.beat) }, 'TooLarge'],
    ['an id that reaches other keys', 'status', { ...samples.status, id: 'a.b' }, 'Malformed'],
    ['an apply without an object', 'work', { ...samples.work, object: undefined }, 'Malformed'],
    ['a withdraw with an object', 'work', { ...samples.work, op: 'withdraw' }, 'Malformed'],
    ['a revision above the safe integers', 'work', { ...samples.work, seq: 2 ** 60 }, 'Malformed'],
  ] as const)('refuses %s', (_, kind, message, reason) => {
    expect(decodeMessage(kind, bytesOf(message), 'eu')).toMatchObject({ ok: false, reason });
  });

  const { report } = samples.report;
  test.each([
    ['a node of an unknown group', { ...report, groups: [] }],
    ['a group without one amount a resource', { ...report, resourceNames: ['cpu'], nodes: { ...report.nodes, free: [[1, 2]] } }],
    [
      'a taint of an unknown effect',
      { ...report, groups: report.groups.map((group) => ({ ...group, taints: [{ key: 'a', value: '', effect: 'x' }] })) },
    ],
    ['an acknowledgement that is no number', { ...report, acks: { w: 'x' } }],
    ['a node named twice', { ...report, nodes: { ...report.nodes, names: ['n1', 'n1'] } }],
  ] as const)('refuses a report with %s', (_, broken) => {
    const message = { ...samples.report, report: broken } as unknown as ReportMessage;
    expect(decodeMessage('report', encodeMessage('report', message).bytes, 'eu')).toMatchObject({ ok: false, reason: 'Malformed' });
  });

  test('refuses a report of another cluster or of a later format', () => {
    const { bytes } = encodeMessage('report', samples.report);
    expect(decodeMessage('report', bytes, 'us')).toMatchObject({ ok: false, reason: 'WrongCluster' });
    expect(decodeMessage('report', Uint8Array.of(9, ...bytes.slice(1)), 'eu')).toMatchObject({ ok: false, reason: 'UnknownVersion' });
  });

  test('refuses what is nested so deep that recursion would overflow', () => {
    const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const status = (levels: number): Uint8Array =>
      bytesOf(JSON.stringify({ ...samples.status, status: 0 }).replace('"status":0', `"status":${deep(levels)}`));
    expect(decodeMessage('status', status(jsonDepthMax)).ok).toBe(true);
    expect(decodeMessage('status', status(10_000))).toMatchObject({ ok: false, reason: 'Malformed' });
  });
});

type Place = { holder: Record<string, unknown>; key: string };
const placesOf = (value: unknown): Place[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.keys(value).flatMap((key) => {
        const holder = value as Record<string, unknown>;
        return [{ holder, key }, ...placesOf(holder[key])];
      });

describe('what a signature covers', () => {
  test('the place of the record as well as its bytes', () => {
    const payload = bytesOf('{}');
    const all = [signedBytes('eu.a', payload), signedBytes('us.a', payload), signedBytes('eu.a', bytesOf('{ }'))].map((bytes) =>
      bytes.join(),
    );
    expect(new Set(all).size).toBe(3);
  });

  test('Secrets are sealed, bound to cluster, id and revision', () => {
    const item: WorkItem = samples.work;
    expect(mustSeal({ ...ref, apiVersion: 'v1', kind: 'Secret', resource: 'secrets' })).toBe(true);
    expect(mustSeal(ref)).toBe(false);
    expect(sealingBinding(item)).toBe('eu.w-1@3');
    expect(itemKey('eu', 'a')).toBe('eu.a');
  });
});
