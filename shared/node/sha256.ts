/** @module Hashes by which texts and files are known. */
import { createHash } from 'node:crypto';

/** SHA-256 in hexadecimal, 64 digits. */
export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
