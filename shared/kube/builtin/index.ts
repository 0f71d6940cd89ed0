/** @module The kinds every Kubernetes API server has, and their schemas. */
export { builtinTypes } from './catalog.ts';
export { ageCell, humanDuration, timeMs } from './cells/index.ts';
export { builtinSchemas } from './data.ts';
export { builtinDefaults } from './defaults/index.ts';
export { builtinFaults } from './faults.ts';
export { qosClass } from './kinds/pods.ts';
export type { ServiceAddresses } from './kinds/services.ts';
export { decodeBuiltinProtobuf } from './protobuf.ts';
