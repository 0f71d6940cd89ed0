/** @module Makes things go wrong in a federation, as often as the seed's mix says, until it is told to heal. */
import { crashes, deaths, restartMs } from './chaos/deaths.ts';
import { clocks, lies, pauses } from './chaos/hosts.ts';
import { brokenApis, changingEndpoints, foreignHands } from './chaos/members.ts';
import { people } from './chaos/people.ts';
import { createStage, type Stage } from './chaos/stage.ts';
import { setApi, setGateway, setReady } from './chaos/switches.ts';
import { brokenGateways, brokenLinks, brokenWays, bursts } from './chaos/ways.ts';
import type { Faults } from './faults.ts';
import type { Federation } from './federation.ts';
import type { World } from './world.ts';

/** Faults that run; `heal` ends them all and starts what is down. */
export type Chaos = { readonly heal: () => void };

/** Clusters of which two observers of each are left without one. */
const outvotedMin = 4;

/** All faults. What happens at the same moment happens in this order: another one makes other runs of the same seeds. */
const concerns: readonly ((stage: Stage) => void)[] = [
  crashes,
  brokenLinks,
  brokenApis,
  deaths,
  foreignHands,
  people,
  brokenWays,
  pauses,
  brokenGateways,
  changingEndpoints,
  lies,
  bursts,
  clocks,
];

const heal = (stage: Stage): void => {
  const { world, federation, clusters } = stage;
  stage.end();
  world.say('everything is healed');
  for (const link of ['hub', ...clusters]) {
    federation.broker.mend(link);
    federation.setSkew(link, 0);
  }
  // One liar among so many is outvoted, and must hold up nothing for ever; among fewer it is healed as well. It is believed again after a
  // new start only: the number of its lies is above that of its honest votes.
  const healedLiars = clusters.length < outvotedMin ? federation.mesh.liars : new Set<string>();
  for (const liar of healedLiars) federation.killAgent(liar);
  federation.mesh.network.mend();
  for (const cluster of clusters) setGateway(stage, cluster, 'well');
  for (const cluster of federation.exporters) setReady(stage, cluster, 2);
  for (const member of federation.members.values()) {
    setApi(stage, member, true);
    // What its last start had on the way must not arrive after what the next one says.
    if (healedLiars.has(member.name)) world.after(restartMs, 'agent restart', () => federation.startAgent(member.name));
    else federation.startAgent(member.name);
  }
  federation.startHub();
};

/** Starts the faults of a seed. */
export const startChaos = (world: World, federation: Federation, seed: number, faults: Faults): Chaos => {
  const stage = createStage(world, federation, seed, faults);
  federation.observer.worldChanged();
  for (const begin of concerns) begin(stage);
  return { heal: () => heal(stage) };
};
