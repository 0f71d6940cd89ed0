/** @module Makes things go wrong in a federation, as often as the seed's mix says, until it is told to heal. */
import type { KubeObject } from '../../shared/kube/object.ts';
import { prng } from '../../shared/lib/prng.ts';
import { actAsDrainer } from './drains.ts';
import type { Faults } from './faults.ts';
import type { Federation } from './federation.ts';
import { keyFor } from './model/hub-api.ts';
import type { Member } from './model/member-api.ts';
import { isUntainted, nodeObject, types } from './model/member-runtime.ts';
import type { Gateway } from './model/mesh.ts';
import { setEndpoints } from './model/web.ts';
import { actAsResizer } from './resizes.ts';
import { actAsUser } from './users.ts';
import type { World } from './world.ts';

/** Faults that run; `heal` ends them all and starts what is down. */
export type Chaos = { readonly heal: () => void };

/** Bursts come and go by themselves: how often the checkers are told to look. */
const burstLookMs = 500;
/** Clusters of which two observers of each are left without one. */
const outvotedMin = 4;
/** What people do to a clock: an hour, as between summer and winter. */
const clockSetMs = 3_600_000;
/** Longer than anything is on its way. */
const restartMs = 6_000;
/** By then a death has its verdict; and the least between the restarts of two survivors. */
const verdictMs = 2_500;
const restartGapMs = 1_500;

/** Starts the faults of a seed. */
export const startChaos = (world: World, federation: Federation, seed: number, faults: Faults): Chaos => {
  const clusters = [...federation.members.keys()];
  let isOn = true;
  federation.observer.worldChanged();

  /** Runs `act` again and again, about each `everyMs`, with chance of its own. */
  const often = (concern: string, everyMs: number, act: (random: ReturnType<typeof prng>) => void): void => {
    if (everyMs === 0) return;
    const random = prng(seed, `chaos/${concern}`);
    const next = (): void => {
      world.after(1 + random.below(2 * everyMs), concern, () => {
        if (!isOn) return;
        act(random);
        next();
      });
    };
    next();
  };
  const later = (delayMs: number, what: string, run: () => void): void => {
    world.after(delayMs, what, () => {
      if (isOn) run();
    });
  };
  const downMs = (random: ReturnType<typeof prng>, most: number): number => 100 + random.below(most);

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
  if (faults.outageMs > 0) {
    const { outageMs } = faults;
    later(prng(seed, 'chaos/outage').below(faults.faultyMs), 'outage', () => {
      world.say(`hub and broker are away for ${outageMs} ms`);
      federation.killHub();
      federation.broker.crash(outageMs);
      later(outageMs, 'end of outage', federation.startHub);
    });
  }
  often('forgery', faults.forgeEveryMs, federation.broker.forge);
  often('link cut', faults.cutLinkEveryMs, (random) => {
    const link = random.pick(['hub', ...clusters]);
    world.say(`link ${link} is cut`);
    federation.broker.cut(link);
    later(downMs(random, faults.cutLinkMs), 'link mended', () => mend(link));
  });
  const mend = (link: string): void => {
    world.say(`link ${link} is mended`);
    federation.broker.mend(link);
  };
  const setGateway = (name: string, gateway: Gateway): void => {
    world.say(`gateway of ${name} is ${gateway}`);
    federation.mesh.gateways.set(name, gateway);
    federation.observer.worldChanged();
  };
  const setCut = (from: string, to: string, isCut: boolean): void => {
    federation.mesh.network.setCut(from, to, isCut);
    federation.observer.worldChanged();
  };
  const setApi = (member: Member, up: boolean): void => {
    world.say(`API of ${member.name} is ${up ? 'up' : 'down'}`);
    member.apiUp = up;
    if (!up) for (const end of [...member.openWatches]) end();
  };
  often('API down', faults.apiDownEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    setApi(member, false);
    later(downMs(random, faults.downMs), 'API up', () => setApi(member, true));
  });
  often('watch break', faults.watchBreakEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    if (random.chance(30)) member.store.compact();
    for (const end of [...member.openWatches]) if (random.chance(50)) end();
  });
  const die = (member: Member): void => {
    world.say(`cluster ${member.name} goes silent`);
    federation.killAgent(member.name);
    setApi(member, false);
    setGateway(member.name, 'gone');
  };
  const comeBack = (member: Member): void => {
    setApi(member, true);
    setGateway(member.name, 'well');
    federation.startAgent(member.name);
  };
  often('cluster dies', faults.silenceEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    die(member);
    later(downMs(random, faults.silenceMs), 'cluster returns', () => comeBack(member));
  });
  often('survivors restart', faults.rollingEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    die(member);
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
    later(atMs + restartMs + random.below(restartMs), 'cluster returns', () => comeBack(member));
  });
  often('drift', faults.driftEveryMs, (random) => drift(world, memberOf(federation, random.pick(clusters)), random));
  often('nodes', faults.nodeEveryMs, (random) => changeNodes(world, memberOf(federation, random.pick(clusters)), random));
  const asks =
    (act: typeof actAsUser) =>
    (random: ReturnType<typeof prng>): void => {
      const hub = federation.hub();
      if (hub?.api === undefined) return;
      const action = act(hub.api, random);
      if (action === undefined) return;
      const key = keyFor(action.kind, action.name);
      federation.observer.asked(key, action.wanted);
      world.say(`user ${action.verb} ${key}`);
      void action.result.then(({ ok, why, revision }) => {
        world.say(`user ${action.verb} ${key}: ${ok ? `done at ${revision}` : why}`);
        if (ok) federation.observer.acknowledged(key, revision);
      });
    };
  often('user', faults.userEveryMs, asks(actAsUser));
  often('drain', faults.drainEveryMs, asks(actAsDrainer));
  often('resize', faults.resizeEveryMs, asks(actAsResizer));
  often('black hole', faults.blackHoleEveryMs, (random) => {
    const name = random.pick(clusters);
    world.say(`cluster ${name} is cut off`);
    const cutOff = (isCut: boolean): void => {
      setCut(name, '*', isCut);
      setCut('*', name, isCut);
      if (isCut) federation.broker.cut(name);
      else mend(name);
    };
    cutOff(true);
    later(downMs(random, faults.silenceMs), 'cluster is reached again', () => cutOff(false));
  });
  often('one way cut', faults.oneWayEveryMs, (random) => {
    const [from, to] = [random.pick(clusters), random.pick(clusters)];
    world.say(`nothing gets from ${from} to ${to}`);
    setCut(from, to, true);
    later(downMs(random, faults.cutLinkMs), 'way opens', () => setCut(from, to, false));
  });
  const processOf = (name: string) => (name === 'hub' ? federation.hub()?.process : federation.agent(name)?.process);
  often('pause', faults.pauseEveryMs, (random) => {
    const names = random.chance(30) ? ['hub', ...clusters].filter(() => random.chance(60)) : [random.pick(['hub', ...clusters])];
    const forMs = 100 + random.below(faults.pauseMs);
    world.say(`${names.join()} stop for ${forMs} ms`);
    for (const name of names) processOf(name)?.pause(forMs, random.chance(50));
  });
  often('starvation', faults.starveEveryMs, (random) => {
    const names = random.chance(50) ? ['hub', ...clusters] : [random.pick(clusters)];
    const forMs = 1_000 + random.below(10_000);
    world.say(`${names.join()} get the processor once in ${faults.sliceMs} ms, for ${forMs} ms`);
    for (const name of names) processOf(name)?.starve(forMs, faults.sliceMs);
    federation.observer.worldChanged();
    world.after(forMs + faults.sliceMs, 'enough processor', () => federation.observer.worldChanged());
  });
  often('gateway', faults.gatewayEveryMs, (random) => {
    const name = random.pick(clusters);
    setGateway(name, random.pick<Gateway>(['gone', 'wild']));
    later(downMs(random, faults.downMs), 'gateway is well', () => setGateway(name, 'well'));
  });
  const setReady = (name: string, ready: number): void => {
    world.say(`${name} has ${ready} endpoints`);
    setEndpoints(name, memberOf(federation, name).store, ready);
  };
  often('endpoints', faults.endpointsEveryMs, (random) => setReady(random.pick(federation.exporters), random.below(4)));
  if (faults.liars > 0) {
    const random = prng(seed, 'chaos/lies');
    const [liar, victim] = [random.pick(clusters), random.pick(clusters)];
    later(random.below(faults.faultyMs), 'lies', () => {
      const process = processOf(liar);
      if (process === undefined || liar === victim) return;
      world.say(`${liar} votes against ${victim}`);
      federation.mesh.slander(process, liar, victim);
    });
  }
  if (faults.burstPermille > 0) {
    const look = (): void => {
      if (!isOn) return;
      federation.observer.worldChanged();
      world.after(burstLookMs, 'look at the ways', look);
    };
    look();
  }
  if (faults.skewMsMax > 0) {
    often('clock jump', 60_000, (random) => {
      federation.setSkew(random.pick(['hub', ...clusters]), random.below(2 * faults.skewMsMax) - faults.skewMsMax);
    });
  }
  often('clock set', faults.clockSetEveryMs, (random) => {
    const name = random.pick(['hub', ...clusters]);
    const byMs = random.chance(50) ? clockSetMs : -clockSetMs;
    world.say(`the clock of ${name} is set ${byMs} ms off`);
    federation.setSkew(name, byMs);
  });

  return {
    heal: () => {
      isOn = false;
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
      for (const cluster of clusters) setGateway(cluster, 'well');
      for (const cluster of federation.exporters) setReady(cluster, 2);
      for (const member of federation.members.values()) {
        setApi(member, true);
        // What its last start had on the way must not arrive after what the next one says.
        if (healedLiars.has(member.name)) world.after(restartMs, 'agent restart', () => federation.startAgent(member.name));
        else federation.startAgent(member.name);
      }
      federation.startHub();
    },
  };
};

const memberOf = (federation: Federation, name: string): Member => {
  const member = federation.members.get(name);
  if (member === undefined) throw new Error(`no member ${name}`);
  return member;
};

/** A foreign hand on an object of ours. */
const drift = (world: World, member: Member, random: ReturnType<typeof prng>): void => {
  const ours = member.store.list(types.deployments);
  if (ours.length === 0) return;
  const object = random.pick(ours);
  const { name, namespace = '' } = object.metadata;
  if (random.chance(30)) {
    world.say(`a foreign hand deletes ${name} in ${member.name}`);
    member.store.remove({ ...types.deployments, namespace, name });
    return;
  }
  const replicas = random.below(5);
  world.say(`a foreign hand scales ${name} in ${member.name} to ${replicas}`);
  const changed: KubeObject = { ...object, spec: { ...(object.spec as object), replicas } };
  member.store.put(types.deployments, changed);
};

/** Nodes come, go and are cordoned; foreign pods take room and leave. */
const changeNodes = (world: World, member: Member, random: ReturnType<typeof prng>): void => {
  const nodes = member.store.list(types.nodes).filter(isUntainted);
  const foreign = member.store.list(types.pods).filter((pod) => pod.metadata.namespace === 'foreign');
  const turn = random.below(100_000);
  switch (random.below(5)) {
    case 0:
      if (nodes.length < 4) member.store.put(types.nodes, nodeObject(`n${turn}`, 1_000 * (1 + random.below(4)), {}));
      return;
    case 1: {
      if (nodes.length < 2) return;
      const node = random.pick(nodes);
      world.say(`node ${node.metadata.name} of ${member.name} is gone`);
      member.store.remove({ ...types.nodes, name: node.metadata.name });
      return;
    }
    case 2: {
      const node = random.pick(nodes);
      const { unschedulable = false } = node.spec as { unschedulable?: boolean };
      member.store.put(types.nodes, { ...node, spec: { unschedulable: !unschedulable } });
      return;
    }
    case 3: {
      const node = random.pick(nodes);
      member.store.put(types.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `foreign-${turn}`, namespace: 'foreign' },
        spec: {
          nodeName: node.metadata.name,
          containers: [{ name: 'x', resources: { requests: { cpu: `${100 * (1 + random.below(8))}m` } } }],
        },
        status: { phase: 'Running', ready: true },
      });
      return;
    }
    default:
      if (foreign.length > 0) member.store.remove({ ...types.pods, namespace: 'foreign', name: random.pick(foreign).metadata.name });
  }
};
