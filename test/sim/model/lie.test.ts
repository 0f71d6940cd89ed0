/** @module What a lying agent's lies leave as it is. */
import { expect, test } from 'vitest';
import type { DetectorMemory } from '../../../shared/health/index.ts';
import { prng } from '../../../shared/lib/prng.ts';
import { hubName, type Membership } from '../../../shared/wire/mesh.ts';
import { sealPacket } from '../../../shared/wire/mesh-packet.ts';
import { createEventLog } from '../event-log.ts';
import { drawFaults, healed } from '../faults.ts';
import { policyDefaults } from '../health/fleet.ts';
import { startProcess } from '../process.ts';
import { createWorld, startMs } from '../world.ts';
import { createBroker } from './broker.ts';
import { createMesh, keyOfMember } from './mesh.ts';
import { signWith } from './mesh-keys.ts';

const [liar, victim, returning] = ['c1', 'c3', 'c2'];
const names = ['c0', liar, returning, victim];

const membership: Membership = {
  ...{ v: 1, kind: 'members', from: hubName, bootId: 'hub', seq: 1, sentMs: 0, epoch: 1, policy: policyDefaults },
  members: names.map((name) => ({
    ...{ name, role: 'Cluster' as const, publicKey: keyOfMember(name), addresses: [`${name}:1`], domain: name, capacity: 1_000 },
    probes: [{ role: 'Gateway' as const, url: `http://${name}:80/` }],
  })),
};

/** The verdict that the liar alone has yet to clear. */
const kept: DetectorMemory = {
  epoch: 1,
  verdicts: [
    {
      ...{ target: returning, cause: 'Cluster', phase: 'Returning', sinceMs: startMs, epoch: 1 },
      ...{ voters: ['c0', victim], domains: 2, needed: 2, observers: 3 },
    },
  ],
  penalties: [],
  removals: [],
};

/** Whom the agent that lies from its start on still holds down after a minute. */
const heldDown = async (): Promise<readonly string[]> => {
  const world = createWorld(createEventLog(), 10_000);
  const faults = { ...healed(drawFaults(1)), rttMs: 20, datagrams: 1 };
  const broker = createBroker(
    world,
    prng(1, 'bus'),
    prng(1, 'waits'),
    () => faults,
    () => undefined,
  );
  const mesh = createMesh(world, broker, 1, () => faults, {
    verdict: () => undefined,
    started: (ports) => (ports.name === liar ? { ...ports, memory: { kept, keep: () => undefined } } : ports),
  });
  const packet = sealPacket(membership, signWith(hubName));
  const agents = names.map((name) => {
    const process = startProcess(world, name, prng(1, name), () => 0);
    const { watch } = mesh.agent(process, name);
    if (packet !== undefined) watch.hear('broker', packet);
    watch.setSelf({ api: true });
    if (name === liar) mesh.slander(process, liar, victim);
    return watch;
  });
  const standing = () => agents[names.indexOf(liar)]?.standing().map(({ target }) => target) ?? [];
  expect(standing()).toEqual([returning]);
  await world.runUntil(startMs + 60_000, () => false);
  return standing();
};

test('an agent that lies about one cluster is told that another is well, though its own ballots are not believed', async () => {
  expect(await heldDown()).toEqual([]);
});
