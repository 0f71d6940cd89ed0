/** @module The agent's link to the hub: joining, connection, renewal, and what travels over it. */
export { besideKeys, fileKeyStore, forgetBeside, type KeyStore, makeKeyFolder } from './key-store.ts';
export { type LinkOptions, type StartedLink, startLink } from './link.ts';
export type { AgentLink, BeatFacts, HelloFacts, LinkPhase, LinkState, LinkTrouble, Unsubscribe, WorkEvent } from './port.ts';
export { stateLine } from './state-board.ts';
export { hubTrouble } from './trouble.ts';
