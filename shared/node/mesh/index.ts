/** @module What the mesh of hub and agents needs of a Node process: signatures, looks at addresses, the monotonic clock. */
export { ed25519Verifier } from './ed25519.ts';
export { type Look, type LookAt, lookAt } from './look.ts';

/** Milliseconds of a clock that never goes back, whatever is done to the time of day. */
export const monotonicMs = (): number => performance.now();
