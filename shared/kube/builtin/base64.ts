/** @module Base64 as Kubernetes holds bytes in JSON (RFC 4648 §4). */
import { utf8Length } from '../names/index.ts';

/** Number of bytes that a base64 text stands for. */
export const base64Bytes = (text: string): number => {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.floor((text.length * 3) / 4) - padding;
};

/** The UTF-8 text in a base64 text; bytes that are none become replacement characters. '' when it is no base64. */
export const base64Text = (text: string): string => {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  } catch {
    return '';
  }
};

/** A text as base64 of its UTF-8 bytes. */
export const toBase64Text = (text: string): string => {
  const bytes = new Uint8Array(utf8Length(text));
  const { written } = new TextEncoder().encodeInto(text, bytes);
  let binary = '';
  for (const byte of bytes.subarray(0, written)) binary += String.fromCharCode(byte);
  return btoa(binary);
};
