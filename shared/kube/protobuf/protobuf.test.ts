/** @module The rules of protobuf. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBuiltinProtobuf } from '../builtin/index.ts';
import { decodeProtobuf, isKubernetesProtobuf } from './index.ts';
// Encoded by client-go's serializer (k8s.io/client-go v0.36.3), beside what encoding/json writes for the same Go object.
import recorded from './testing/recorded.json' with { type: 'json' };

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** JSON without the nulls that Go writes for zero times and nil maps. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]));
};

describe('protobuf bodies', () => {
  const { configmap, ...others } = recorded;
  it.each(Object.entries(others))('%s reads as the JSON that Go writes for it', (_name, { protobuf, json }) => {
    const decoded = decodeBuiltinProtobuf(bytesOf(protobuf));
    expect(decoded.ok ? decoded.value : decoded.message).toEqual(withoutNulls(json));
  });

  it('a key called __proto__ is a key like any other', () => {
    const decoded = decodeBuiltinProtobuf(bytesOf(configmap.protobuf));
    expect(JSON.stringify(decoded.ok ? decoded.value.data : decoded.message)).toBe('{"__proto__":"x","e":"","ü":"日本"}');
  });

  it('a body without the magic bytes is refused', () => {
    expect(decodeBuiltinProtobuf(new TextEncoder().encode('{}'))).toEqual({
      ok: false,
      message: 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    });
  });

  it('an unknown kind is named', () => {
    const body = bytesOf(recorded.namespace.protobuf);
    expect(decodeProtobuf(body, { protobuf: {}, omitEmpty: {} }, () => undefined)).toEqual({
      ok: false,
      message: 'no kind "Namespace" is registered for version "v1" in protobuf',
    });
  });

  it('cut, changed and random bodies are answered, never thrown at', () => {
    const bodies = Object.values(recorded).map(({ protobuf }) => bytesOf(protobuf));
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.nat(), fc.nat(255), fc.nat(), (body, at, byte, length) => {
        const changed = body.slice(0, 4 + (length % body.length));
        if (changed.length > 4) changed[4 + (at % (changed.length - 4))] = byte;
        expect(typeof decodeBuiltinProtobuf(changed).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const body = new Uint8Array([0x6b, 0x38, 0x73, 0x00, ...noise]);
        expect(isKubernetesProtobuf(body)).toBe(true);
        expect(typeof decodeBuiltinProtobuf(body).ok).toBe('boolean');
      }),
    );
  });
});
