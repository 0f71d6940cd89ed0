/** @module What the mesh of hub and agents needs of a Node process: signatures and looks at addresses. */
export { ed25519Verifier } from './ed25519.ts';
export { type Look, type LookAt, lookAt, observe } from './look.ts';
