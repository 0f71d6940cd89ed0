/** @module What counts as done to an agent's way to the broker. */
import { expect, test } from 'vitest';
import { prng } from '../../shared/lib/prng.ts';
import { createEventLog } from './event-log.ts';
import { drawFaults, type Faults, healed } from './faults.ts';
import { createBroker } from './model/broker.ts';
import { startProcess } from './process.ts';
import { createUntouched } from './untouched.ts';
import { createWorld, startMs } from './world.ts';

const bus = { minMs: 1, maxMs: 20, slowPercent: 0, slowMs: 3_000 };

/** How long an agent that sends once a second, for twenty seconds, has been left alone. */
const untouchedMs = async (faults: Partial<Faults>): Promise<number> => {
  const world = createWorld(createEventLog(), 1_000);
  const untouched = createUntouched(world);
  const given = { ...healed(drawFaults(1)), bus, ...faults };
  const broker = untouched.broker(createBroker(world, prng(1, 'bus'), prng(1, 'waits'), () => given, untouched.touch));
  const { env, ...process } = startProcess(world, 'a', prng(1, 'a'), () => 0);
  const peer = broker.join({ env, ...process }, 'a', () => false, { message: () => undefined, connected: () => undefined });
  const tick = (): void => {
    peer.publish('hanse.up.a.beat', '{}');
    env.setTimer(1_000, tick);
  };
  process.after(1_000, 'first', tick);
  await world.runUntil(startMs + 20_500, () => false);
  return untouched.forMs('a');
};

test.each<readonly [string, Partial<Faults>, number]>([
  ['nothing where all gets through', {}, Number.POSITIVE_INFINITY],
  ['nothing where some is lost', { dropPercent: 25 }, Number.POSITIVE_INFINITY],
  ['chance that lets nothing through', { dropPercent: 100 }, 500],
  ['chance that lets nothing through in time', { bus: { ...bus, slowPercent: 100, slowMs: 1_000_000 } }, 500],
])('of what happens to messages counts %s', async (_, faults, ms) => {
  expect(await untouchedMs(faults)).toBe(ms);
});
