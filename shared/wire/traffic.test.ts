/** @module Records and answers of traffic that are not such as they should be are refused by field. */
import { describe, expect, it } from 'vitest';
import { recordOf } from '../traffic/testing.ts';
import { faultOf } from './decode.ts';
import {
  isTrafficId,
  serviceOfTrafficId,
  type TrafficSpec,
  trafficAnswerOf,
  trafficIdOf,
  trafficItem,
  trafficLimits,
  trafficRecordOf,
} from './traffic.ts';

const { spec } = recordOf([
  { name: 'a', endpoints: 2 },
  { name: 'b', endpoints: 2 },
]);
const item = (change: object = {}) => trafficItem('eu', 'shop', 'web', 5, { ...spec, ...change } as TrafficSpec);

describe('a record', () => {
  it('travels as work of its own kind, and comes back as it was', () => {
    expect(faultOf('work', item())).toBeUndefined();
    expect(trafficRecordOf(item())).toEqual({ ok: true, record: { namespace: 'shop', name: 'web', epoch: 5, spec } });
  });
  it('is known by its id, which no other work has', () => {
    expect(serviceOfTrafficId(trafficIdOf('shop', 'web'))).toEqual({ namespace: 'shop', name: 'web' });
    expect(isTrafficId('=services=shop=web')).toBe(false);
    expect(serviceOfTrafficId('hanse_dev=trafficrecords=a=b=c')).toBeUndefined();
  });
  it.each([
    ['weights that are not as many as sources', { losses: [{ lost: ['a'], weights: [1], shed: 0 }] }, /losses\[0\].weights/],
    ['a weight below zero', { losses: [{ lost: ['a'], weights: [0, -1], shed: 0 }] }, /weights\[1\]/],
    ['a loss after which nobody is left', { losses: [{ lost: ['a'], weights: [0, 0], shed: 0 }] }, /losses\[0\].weights must be above 0/],
    [
      'a loss that gives all to who is lost',
      { losses: [{ lost: ['a'], weights: [1, 0], shed: 0 }] },
      /losses\[0\].weights must be above 0/,
    ],
    ['a weight that no gateway takes', { losses: [{ lost: ['a'], weights: [0, 1_000_001], shed: 0 }] }, /weights\[1\] must be at most/],
    [
      'a weight at rest that no gateway takes',
      { sources: [{ ...spec.sources[0], weight: 1_000_001 }] },
      /sources\[0\].weight must be at most/,
    ],
    ['steps back that do not grow', { failback: { ...spec.failback, stepsPercent: [50, 10, 100] } }, /stepsPercent must grow/],
    ['steps back that end before all', { failback: { ...spec.failback, stepsPercent: [10, 50] } }, /stepsPercent must grow, up to 100/],
    ['no floor of survivors', { survivorsMin: 0 }, /survivorsMin/],
    ['a zone that is no name', { dns: { zone: '..' } }, /dns/],
    [
      'endpoints beyond the limit',
      {
        sources: [
          {
            ...spec.sources[0],
            sets: [{ addressType: 'IPv4', ports: [], ready: Array(trafficLimits.endpointsPerReport + 1).fill('10.0.0.1') }],
          },
        ],
      },
      /ready/,
    ],
    ['a use below zero', { sources: [{ ...spec.sources[0], inUse: -1 }] }, /sources\[0\]\.inUse/],
    ['sources that are no list', { sources: {} }, /sources/],
  ])('with %s is refused', (_, change, message) => {
    const read = trafficRecordOf(item(change));
    expect(read.ok ? '' : read.message).toMatch(message);
  });
  it('of a service that nobody can serve after the loss is taken: its weights stay', () => {
    const sources = spec.sources.map((source) => (source.name === 'b' ? { ...source, capacity: 0 } : source));
    expect(trafficRecordOf(item({ sources, losses: [{ lost: ['a'], weights: [1, 0], shed: 0 }] })).ok).toBe(true);
  });
  it('under another id than its own is refused', () => {
    expect(trafficRecordOf({ ...item(), id: trafficIdOf('shop', 'other') }).ok).toBe(false);
  });
});

describe('an answer', () => {
  it('without anything is fine, and nonsense is refused', () => {
    expect(trafficAnswerOf(undefined)).toEqual({ ok: true, answer: {} });
    expect(trafficAnswerOf({ report: { service: 'Maybe' } }).ok).toBe(false);
    expect(trafficAnswerOf({ report: { service: 'None', addresses: 'x', sets: [], leftOut: 0 } }).ok).toBe(false);
  });
  it.each([
    [{ use: { cpuPerMille: -1, atMs: 0 } }, /^\.status\.report\.use\.cpuPerMille must be an integer of at least 0/],
    [{ use: { cpuPerMille: 0.5, atMs: 0 } }, /^\.status\.report\.use\.cpuPerMille/],
    [{ use: { cpuPerMille: '430', atMs: 0 } }, /^\.status\.report\.use\.cpuPerMille/],
    [{ use: { cpuPerMille: 430 } }, /^\.status\.report\.use\.atMs is required/],
    [{ use: 43 }, /^\.status\.report\.use must be an object/],
    [{ unmeasured: 'Tired' }, /^\.status\.report\.unmeasured must be one of Forbidden, NoRequests/],
  ])('with a use such as %j is refused by field', (more, message) => {
    const read = trafficAnswerOf({ report: { service: 'None', addresses: [], sets: [], leftOut: 0, ...more } });
    expect(read.ok ? '' : read.message).toMatch(message);
  });
  it('may say what pods use of what they request', () => {
    const report = { service: 'None', addresses: [], sets: [], leftOut: 0, use: { cpuPerMille: 430, atMs: 1 } };
    expect(trafficAnswerOf({ report })).toEqual({ ok: true, answer: { report } });
  });
});
