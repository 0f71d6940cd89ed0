/** @module Where faults act: the world and the federation of a seed, and how often what happens, each with chance of its own. */
import { type Prng, prng } from '../../../shared/lib/prng.ts';
import type { Faults } from '../faults.ts';
import type { Federation } from '../federation.ts';
import type { Member } from '../model/member-api.ts';
import type { Process } from '../process.ts';
import type { World } from '../world.ts';

/** What faults act on, until it is over. */
export type Stage = {
  readonly world: World;
  readonly federation: Federation;
  readonly faults: Faults;
  readonly clusters: readonly string[];
  /** The chance of one concern, whatever else happens. */
  readonly chance: (concern: string) => Prng;
  /** Acts again and again, about each `everyMs`; never where that is 0. */
  readonly often: (concern: string, everyMs: number, act: (random: Prng) => void) => void;
  /** Acts once, unless all is over by then. */
  readonly later: (delayMs: number, what: string, run: () => void) => void;
  readonly isOver: () => boolean;
  readonly end: () => void;
};

/** The stage of a seed. */
export const createStage = (world: World, federation: Federation, seed: number, faults: Faults): Stage => {
  let isOn = true;
  const chance: Stage['chance'] = (concern) => prng(seed, `chaos/${concern}`);
  return {
    world,
    federation,
    faults,
    clusters: [...federation.members.keys()],
    chance,
    often: (concern, everyMs, act) => {
      if (everyMs === 0) return;
      const random = chance(concern);
      const next = (): void => {
        world.after(1 + random.below(2 * everyMs), concern, () => {
          if (!isOn) return;
          act(random);
          next();
        });
      };
      next();
    },
    later: (delayMs, what, run) => {
      world.after(delayMs, what, () => {
        if (isOn) run();
      });
    },
    isOver: () => !isOn,
    end: () => {
      isOn = false;
    },
  };
};

/** How long something is down: at least a moment. */
export const downMs = (random: Prng, most: number): number => 100 + random.below(most);

/** A member by its name. @throws for a name that none has */
export const memberOf = (federation: Federation, name: string): Member => {
  const member = federation.members.get(name);
  if (member === undefined) throw new Error(`no member ${name}`);
  return member;
};

/** The process of an agent, or of the `hub`; undefined while none runs. */
export const processOf = ({ federation }: Stage, name: string): Process | undefined =>
  name === 'hub' ? federation.hub()?.process : federation.agent(name)?.process;
