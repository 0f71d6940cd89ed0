/** @module A cluster vanishes from a real network: requests and replicas leave it, with and without the hub; and what must not move anything does not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partial, vanishing } from '../bench/lib/failover/faults.ts';
import { type Lab, openLab } from '../bench/lib/failover/lab.ts';
import { runFault } from '../bench/lib/failover/run.ts';
import type { SiteProcess } from '../bench/lib/failover/site-process.ts';
import { networkLack } from '../testbed/index.ts';

const lack = networkLack();
if (lack !== undefined) process.stderr.write(`skipped: failover in a network of namespaces: ${lack}\n`);

const watching = { quietMs: 5_000, movesMsMax: 30_000 };
const rttMs = 80;

describe.skipIf(lack !== undefined)('three clusters in a network of namespaces', () => {
  let lab: Lab;
  let victim: SiteProcess;
  const run = async (name: string, hasHub = true) => {
    const fault = [...vanishing, ...partial].find((one) => one.name.startsWith(name));
    if (fault === undefined) throw new Error(`there is no fault ${name}`);
    return runFault(lab, { ...fault, isAlone: !hasHub }, victim, watching);
  };
  const others = (): string[] => lab.sites.slice(1).map(({ name }) => name);

  beforeAll(async () => {
    lab = await openLab(['berlin', 'dublin', 'lisbon'], 3);
    const [first] = lab.sites;
    if (first === undefined) throw new Error('the laboratory has no site');
    victim = first;
    await lab.setLinks(rttMs);
    for (const site of lab.sites) await site.load();
  });
  afterAll(() => lab?.close());

  test('one that vanishes is found dead by both others, its endpoints are withdrawn, and its replicas come up there', async () => {
    const found = await run('cluster black-holed');
    expect(found).toMatchObject({ causes: ['Cluster'], dead: others(), left: others(), falseDeaths: 0 });
    expect(found.replicasBackMs).toBeGreaterThan(0);
  });

  test('an agent that is killed moves nothing', async () => {
    expect(await run('agent killed')).toMatchObject({ dead: [], left: [], falseDeaths: 0 });
  });

  test('the same cluster vanishes with hub and broker dead: requests leave it all the same', async () => {
    await lab.plant.hub.strike('kill');
    await lab.plant.broker.strike('kill');
    expect(await run('cluster black-holed', false)).toMatchObject({ dead: others(), left: others(), falseDeaths: 0 });
  });
});
