/** @module What the machines do to processes: they stop them, starve them and set their clocks; and one of them may lie. */
import { processOf, type Stage } from './stage.ts';

/** What people do to a clock: an hour, as between summer and winter. */
const clockSetMs = 3_600_000;

/** Processes stop for a while, or get little of the processor. */
export const pauses = (stage: Stage): void => {
  const { world, federation, faults, clusters, often } = stage;
  often('pause', faults.pauseEveryMs, (random) => {
    const names = random.chance(30) ? ['hub', ...clusters].filter(() => random.chance(60)) : [random.pick(['hub', ...clusters])];
    const forMs = 100 + random.below(faults.pauseMs);
    world.say(`${names.join()} stop for ${forMs} ms`);
    for (const name of names) processOf(stage, name)?.pause(forMs, random.chance(50));
  });
  often('starvation', faults.starveEveryMs, (random) => {
    const names = random.chance(50) ? ['hub', ...clusters] : [random.pick(clusters)];
    const forMs = 1_000 + random.below(10_000);
    world.say(`${names.join()} get the processor once in ${faults.sliceMs} ms, for ${forMs} ms`);
    for (const name of names) processOf(stage, name)?.starve(forMs, faults.sliceMs);
    federation.observer.worldChanged();
    world.after(forMs + faults.sliceMs, 'enough processor', () => federation.observer.worldChanged());
  });
};

/** One agent votes against another from some moment on. */
export const lies = (stage: Stage): void => {
  const { world, federation, faults, clusters, chance, later } = stage;
  if (faults.liars === 0) return;
  const random = chance('lies');
  const [liar, victim] = [random.pick(clusters), random.pick(clusters)];
  later(random.below(faults.faultyMs), 'lies', () => {
    const process = processOf(stage, liar);
    if (process === undefined || liar === victim) return;
    world.say(`${liar} votes against ${victim}`);
    federation.mesh.slander(process, liar, victim);
  });
};

/** Clocks go wrong by little, or are set. */
export const clocks = ({ world, federation, faults, clusters, often }: Stage): void => {
  const { skewMsMax } = faults;
  if (skewMsMax > 0) {
    often('clock jump', 60_000, (random) => {
      federation.setSkew(random.pick(['hub', ...clusters]), random.below(2 * skewMsMax) - skewMsMax);
    });
  }
  often('clock set', faults.clockSetEveryMs, (random) => {
    const name = random.pick(['hub', ...clusters]);
    const byMs = random.chance(50) ? clockSetMs : -clockSetMs;
    world.say(`the clock of ${name} is set ${byMs} ms off`);
    federation.setSkew(name, byMs);
  });
};
