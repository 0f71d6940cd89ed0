/** @module Rules of a report's way over the wire: what an agent packs the hub unpacks, and nothing that an agent sends makes the hub grow. */
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { packReport } from '../agent/link/pack-report.ts';
import { unpackReport } from '../hub/fleet/bus/unpack-report.ts';
import { bytesMax } from '../shared/wire/limits.ts';

const bytesOf = (packed: Uint8Array): Buffer | undefined => {
  const unpacked = unpackReport(packed);
  return unpacked.ok ? Buffer.from(unpacked.bytes) : undefined;
};

const reasonOf = (packed: Uint8Array): string | undefined => {
  const unpacked = unpackReport(packed);
  return unpacked.ok ? undefined : unpacked.reason;
};

const deflated = (bytes: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(1), deflateRawSync(bytes)]);

describe('a report on the wire', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.of(7)],
    ['what cannot be made smaller', randomBytes(4_096)],
    ['what can', Buffer.alloc(100_000, 'column ')],
    ['as much as is allowed', Buffer.alloc(bytesMax.report, 1)],
  ])('%s comes as it was', (_, bytes) => {
    expect(bytesOf(packReport(bytes))?.equals(bytes)).toBe(true);
  });

  test('it is never more than one byte longer than the report', () => {
    const bytes = randomBytes(10_000);
    expect(packReport(bytes).length).toBe(bytes.length + 1);
    expect(packReport(Buffer.alloc(10_000)).length).toBeLessThan(100);
  });

  test('a small message that unpacks to a large one is refused without being unpacked whole', () => {
    const bomb = deflated(Buffer.alloc(bytesMax.report * 8));
    expect(bomb.length).toBeLessThan(bytesMax.reportPacked);
    const before = process.memoryUsage().arrayBuffers;
    expect(reasonOf(bomb)).toBe('TooLarge');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytesMax.report * 3);
  });

  test('one byte above the limit is refused', () => {
    expect(reasonOf(deflated(Buffer.alloc(bytesMax.report + 1)))).toBe('TooLarge');
  });

  test.each([
    ['an empty message', new Uint8Array(), 'Malformed'],
    ['an unknown way of packing', Uint8Array.of(9, 1, 2), 'Malformed'],
    ['a broken stream', Uint8Array.of(1, 0xff, 0xff, 0xff), 'Malformed'],
    ['a stream that ends early', deflated(Buffer.alloc(5_000, 'abc')).subarray(0, 8), 'Malformed'],
    ['a message that is too long as it is', new Uint8Array(bytesMax.reportPacked + 1), 'TooLarge'],
  ])('%s is refused', (_, packed, reason) => {
    expect(reasonOf(packed)).toBe(reason);
  });
});
