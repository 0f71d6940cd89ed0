/** @module The rim of a Node process that hub, agent and playground share: the only folder of `shared/` that may know Node. */
export { caHash } from './ca-hash.ts';
export { makeDataDir, makeFolder, withDataDirFault } from './data-dir.ts';
export { interrupted, interruptedCode } from './interrupted.ts';
export { collectLabel } from './label-flag.ts';
export { type LogFormat, type LogLevel, type LogOptions, logFormatDefault, mutedLog, nodeLog } from './log.ts';
export { checkPortFree, checkPortsFree, listenFault, type NeededPort, portMax } from './port-check.ts';
export { nodeEnv, nodeTimer } from './runtime-env.ts';
