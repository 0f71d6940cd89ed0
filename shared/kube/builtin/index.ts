/** @module The kinds every Kubernetes API server has, and their schemas. */
export { builtinTypes } from './catalog.ts';
export { ageCell, humanDuration, timeMs } from './cells/index.ts';
export { decodeBuiltinProtobuf } from './protobuf.ts';
