/** @module What dies and starts again: the hub, agents, the broker, whole clusters. */
import type { Member } from '../model/member-api.ts';
import { downMs, memberOf, type Stage } from './stage.ts';
import { setApi, setGateway } from './switches.ts';

/** Longer than anything is on its way. */
export const restartMs = 6_000;
/** By then a death has its verdict; and the least between the restarts of two survivors. */
const verdictMs = 2_500;
const restartGapMs = 1_500;

/** Hub, agents and broker crash, each for itself; once hub and broker are away together for long. */
export const crashes = ({ world, federation, faults, clusters, chance, often, later }: Stage): void => {
  often('hub crash', faults.crashHubEveryMs, (random) => {
    federation.killHub();
    later(downMs(random, faults.downMs), 'hub restart', federation.startHub);
  });
  often('agent crash', faults.crashAgentEveryMs, (random) => {
    const cluster = random.pick(clusters);
    federation.killAgent(cluster);
    later(downMs(random, faults.downMs), 'agent restart', () => federation.startAgent(cluster));
  });
  often('broker crash', faults.crashBrokerEveryMs, (random) => federation.broker.crash(downMs(random, faults.downMs)));
  const { outageMs } = faults;
  if (outageMs === 0) return;
  later(chance('outage').below(faults.faultyMs), 'outage', () => {
    world.say(`hub and broker are away for ${outageMs} ms`);
    federation.killHub();
    federation.broker.crash(outageMs);
    later(outageMs, 'end of outage', federation.startHub);
  });
};

const die = (stage: Stage, member: Member): void => {
  stage.world.say(`cluster ${member.name} goes silent`);
  stage.federation.killAgent(member.name);
  setApi(stage, member, false);
  setGateway(stage, member.name, 'gone');
};

const comeBack = (stage: Stage, member: Member): void => {
  setApi(stage, member, true);
  setGateway(stage, member.name, 'well');
  stage.federation.startAgent(member.name);
};

/** Clusters die and return; after some deaths the agents of all survivors are started anew, one after the other. */
export const deaths = (stage: Stage): void => {
  const { federation, faults, clusters, often, later } = stage;
  often('cluster dies', faults.silenceEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    die(stage, member);
    later(downMs(random, faults.silenceMs), 'cluster returns', () => comeBack(stage, member));
  });
  often('survivors restart', faults.rollingEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    die(stage, member);
    let atMs = verdictMs;
    for (const name of clusters) {
      if (name === member.name) continue;
      atMs += restartGapMs + random.below(restartGapMs);
      later(atMs, 'agent ends', () => {
        if (federation.agent(name) === undefined) return;
        federation.killAgent(name);
        later(downMs(random, 500), 'agent restart', () => federation.startAgent(name));
      });
    }
    later(atMs + restartMs + random.below(restartMs), 'cluster returns', () => comeBack(stage, member));
  });
};
