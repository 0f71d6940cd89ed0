/** @module Who is alive: beats, suspicion, questions, votes, verdicts with a cause, damping and limits. Pure. */
export { holdDownMsOf, noPenalty, type Penalty, punished } from './damping.ts';
export { shadowsOf, step } from './detector.ts';
export { confirmationsOf, type LeaseTimes, leaseDefaults } from './fencing.ts';
export type { FenceKeeper, Lease, Leases } from './leases.ts';
export { bearsLoad, clustersMaxOf, heldBy, type LimitFacts, type Removal } from './limits.ts';
export { type DetectorMemory, memoryOf, restoreMemory } from './memory.ts';
export { allPairsMax, observersMax, observersOf } from './observers.ts';
export { evidenceText, type Facts, movesReplicas, movesTraffic, opinionOf } from './opinion.ts';
export { beatEveryMs, type Profile, profileNames, profiles, tickEveryMs } from './profile.ts';
export { type HeldNote, startWatch, type Watch, type WatchPorts } from './run.ts';
export {
  type Agreed,
  type Cause,
  type Channel,
  type DetectorEffect,
  type DetectorEnv,
  type DetectorEvent,
  type DetectorState,
  newDetector,
  type ObstacleNote,
  type Verdict,
} from './state.ts';
export { type Ballot, neededOf, type Obstacle, type Outcome, obstacleText, tally } from './tally.ts';
export { heldVerdictText, outageText, verdictText } from './words.ts';
