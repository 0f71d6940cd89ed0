/** @module What becomes of ways: to the broker, between clusters, and to the gateways that users ask. */
import type { Gateway } from '../model/mesh.ts';
import { downMs, type Stage } from './stage.ts';
import { mendLink, setCut, setGateway } from './switches.ts';

/** Bursts come and go by themselves: how often the checkers are told to look. */
const burstLookMs = 500;

/** Records are forged at the broker, and links to it are cut. */
export const brokenLinks = (stage: Stage): void => {
  const { world, federation, faults, clusters, often, later } = stage;
  often('forgery', faults.forgeEveryMs, federation.broker.forge);
  often('link cut', faults.cutLinkEveryMs, (random) => {
    const link = random.pick(['hub', ...clusters]);
    world.say(`link ${link} is cut`);
    federation.broker.cut(link);
    later(downMs(random, faults.cutLinkMs), 'link mended', () => mendLink(stage, link));
  });
};

/** Clusters are cut off from all others, or do not reach one. */
export const brokenWays = (stage: Stage): void => {
  const { world, federation, faults, clusters, often, later } = stage;
  often('black hole', faults.blackHoleEveryMs, (random) => {
    const name = random.pick(clusters);
    world.say(`cluster ${name} is cut off`);
    const cutOff = (isCut: boolean): void => {
      setCut(stage, name, '*', isCut);
      setCut(stage, '*', name, isCut);
      if (isCut) federation.broker.cut(name);
      else mendLink(stage, name);
    };
    cutOff(true);
    later(downMs(random, faults.silenceMs), 'cluster is reached again', () => cutOff(false));
  });
  often('one way cut', faults.oneWayEveryMs, (random) => {
    const [from, to] = [random.pick(clusters), random.pick(clusters)];
    world.say(`nothing gets from ${from} to ${to}`);
    setCut(stage, from, to, true);
    later(downMs(random, faults.cutLinkMs), 'way opens', () => setCut(stage, from, to, false));
  });
};

/** Gateways answer nobody, or everybody. */
export const brokenGateways = (stage: Stage): void => {
  const { faults, clusters, often, later } = stage;
  often('gateway', faults.gatewayEveryMs, (random) => {
    const name = random.pick(clusters);
    setGateway(stage, name, random.pick<Gateway>(['gone', 'wild']));
    later(downMs(random, faults.downMs), 'gateway is well', () => setGateway(stage, name, 'well'));
  });
};

/** The network loses in bursts by itself; the checkers must look. */
export const bursts = ({ world, federation, faults, isOver }: Stage): void => {
  if (faults.burstPermille === 0) return;
  const look = (): void => {
    if (isOver()) return;
    federation.observer.worldChanged();
    world.after(burstLookMs, 'look at the ways', look);
  };
  look();
};
