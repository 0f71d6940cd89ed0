/** @module Follows one resource of a cluster: everything once, then every change, for ever. */
export { type InitialMode, initialState, type ReflectorEvent, type ReflectorInput, type ReflectorState, step } from './machine.ts';
export { objectKey, type Reflector, type ReflectorOptions, startReflector } from './run.ts';
