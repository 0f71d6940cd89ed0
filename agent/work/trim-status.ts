/** @module Cuts a status that is too large to travel down to what people and programs wait for: conditions and counters. */
import { statusFieldBytesMax } from '../../shared/wire/index.ts';

const CONDITIONS_MAX = 32;
const MESSAGE_CHARS_MAX = 512;
const TEXT_CHARS_MAX = 256;

type Fields = Readonly<Record<string, unknown>>;

/** The status itself when it is small enough, else its conditions (messages cut) and its plain values. */
export const trimStatus = (status: Fields, bytesMax: number = statusFieldBytesMax): Fields => {
  if (utf8Bytes(JSON.stringify(status)) <= bytesMax) return status;
  const kept: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(status)) {
    if (field === 'conditions' && Array.isArray(value)) kept[field] = value.slice(0, CONDITIONS_MAX).map(cutCondition);
    else if (typeof value === 'number' || typeof value === 'boolean') kept[field] = value;
    else if (typeof value === 'string' && value.length <= TEXT_CHARS_MAX) kept[field] = value;
  }
  if (utf8Bytes(JSON.stringify(kept)) <= bytesMax) return kept;
  return Object.fromEntries(Object.entries(kept).slice(0, CONDITIONS_MAX));
};

const cutCondition = (condition: unknown): unknown => {
  if (typeof condition !== 'object' || condition === null) return null;
  return Object.fromEntries(
    Object.entries(condition)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      .slice(0, 16)
      .map(([field, value]) => [field, typeof value === 'string' ? value.slice(0, MESSAGE_CHARS_MAX) : value]),
  );
};

const utf8Bytes = (text: string): number => Buffer.byteLength(text);
