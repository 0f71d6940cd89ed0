/** @module Kinds that members add to what the hub serves. */
export { internalPrefix } from './kept.ts';
export { type MemberKinds, openMemberKinds } from './loop.ts';
