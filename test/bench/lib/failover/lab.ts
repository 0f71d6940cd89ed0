/**
 * @module The fault laboratory: sites with a cluster each, broker and hub, each in a network namespace of its own, joined into one federation,
 * with clients at every site.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureTestbed, type LinkConditions, type Network, startNetwork, waitFor } from '../../../testbed/index.ts';
import { brokerPlace, hubPlace, labFailoverPolicy, type Plant, startPlant, userObjects } from './plant.ts';
import { type SiteProcess, startSite } from './site-process.ts';
import { type MemberKind, type Place, ports, type SiteState, urgent, web } from './words.ts';

/** A laboratory. */
export type Lab = {
  readonly sites: readonly SiteProcess[];
  readonly plant: Plant;
  /** What links do from now on: a delay of half the round trip everywhere, and `more` where it is set. */
  readonly setLinks: (rttMs: number, more?: LinkConditions) => Promise<void>;
  /** Sets one direction, on top of the delay that holds; `{}` heals it. */
  readonly link: (from: string, to: string, more: LinkConditions) => Promise<void>;
  readonly states: () => Promise<ReadonlyMap<string, SiteState>>;
  /** Waits until every site has every cluster and nothing about a cluster stands. `hasHub`: also until replicas are where they belong. */
  readonly calm: (hasHub: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Names of the sites. */
export const siteNames = ['berlin', 'dublin', 'lisbon', 'milan', 'oslo'] as const;

const joinedWithinMs = 180_000;
const calmWithinMs = 120_000;

/** Nothing about a cluster stands, every cluster serves, and all replicas are ready, evenly; or, without hub and broker, all have found out that these are dead. */
const isWhole = (states: readonly SiteState[], hasHub: boolean): boolean => {
  const total = states.reduce((sum, { ready }) => sum + ready, 0);
  const share = Math.floor(web.replicas / states.length);
  return states.every(
    ({ standing, abstains, sources, ready }) =>
      standing.every((text) => text.startsWith('@') && !hasHub) &&
      (hasHub || standing.some((text) => text.startsWith('@broker'))) &&
      abstains === undefined &&
      sources.length === states.length &&
      (!hasHub || (total === web.replicas && ready >= share)),
  );
};

/** Opens one; the first `real` sites are real clusters. @throws when a part of it cannot be had; nothing is left running. */
export const openLab = async (names: readonly string[], real: number): Promise<Lab> => {
  const testbed = await ensureTestbed();
  const cache = join(import.meta.dirname, '..', '..', '..', '..', '.cache');
  await mkdir(cache, { recursive: true });
  const dataDir = await mkdtemp(join(cache, 'bench-failover-'));
  const network = await startNetwork({ nodes: [...names, brokerPlace, hubPlace], wrap: urgent });
  const undo: (() => Promise<unknown>)[] = [() => network.stop()];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    if (process.env.HANSE_BENCH_KEEP === undefined) await rm(dataDir, { recursive: true, force: true });
    else process.stderr.write(`kept: ${dataDir}\n`);
  };
  try {
    const plant = await startPlant({ network, testbed, dataDir });
    undo.push(() => plant.stop());
    const places = names.map((name): Place => ({ name, address: network.nodes.get(name)?.address ?? '' }));
    const sites = names.map((name) => startSite(network, name));
    undo.push(() => Promise.all(sites.map((site) => site.close())));
    await found(plant, sites, places, { dataDir, real });
    return { ...labOf(network, plant, sites), close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Opens the sites, joins them, and gives the hub what a user would. */
const found = async (
  plant: Plant,
  sites: readonly SiteProcess[],
  places: readonly Place[],
  { dataDir, real }: { readonly dataDir: string; readonly real: number },
): Promise<void> => {
  await plant.kubectl(['apply', '-f', '-'], userObjects.map((object) => JSON.stringify(object)).join('\n---\n'));
  await waitFor('the failover policy', () =>
    plant.kubectl(['patch', 'failoverpolicy', 'default', '--type', 'merge', '-p', JSON.stringify({ spec: labFailoverPolicy })]),
  );
  const foundOne = async (site: SiteProcess, place: Place, member: MemberKind): Promise<void> => {
    const folder = join(dataDir, site.name);
    await mkdir(folder, { recursive: true });
    const { kubeconfig, apiPort } = await site.open({ site: place, sites: places, dataDir: folder, member });
    await site.join(await plant.joinWords(place, kubeconfig, join(folder, 'agent.json'), site.name));
    const probes = [
      { role: 'Gateway', url: `http://${place.address}:${ports.backend}/` },
      { role: 'APIServer', url: `https://${place.address}:${apiPort}/readyz` },
    ];
    const patch = ['patch', 'cluster', site.name, '--type', 'merge', '-p', JSON.stringify({ spec: { probes } })];
    await waitFor(`cluster ${site.name}`, () => plant.kubectl(patch), { timeoutMs: joinedWithinMs, pollMs: 500 });
  };
  await Promise.all(
    sites.flatMap((site, at) => (places[at] === undefined ? [] : [foundOne(site, places[at], at < real ? 'Real' : 'Playground')])),
  );
};

const labOf = (network: Network, plant: Plant, sites: readonly SiteProcess[]): Omit<Lab, 'close'> => {
  let base: LinkConditions = {};
  const states = async (): Promise<ReadonlyMap<string, SiteState>> =>
    new Map(await Promise.all(sites.map(async (site) => [site.name, await site.state()] as const)));
  return {
    sites,
    plant,
    states,
    setLinks: async (rttMs, more = {}) => {
      base = { delayMs: rttMs / 2, ...more };
      await network.link('*', '*', base);
    },
    link: (from, to, more) => network.link(from, to, { ...base, ...more }),
    calm: async (hasHub) => {
      let last = '';
      const look = async (): Promise<boolean> => {
        const all = await states();
        last = JSON.stringify([...all]);
        return isWhole([...all.values()], hasHub);
      };
      await waitFor('calm', look, { timeoutMs: calmWithinMs, pollMs: 200 }).catch((cause: unknown) => {
        throw new Error(`the federation did not come to rest: ${last}`, { cause });
      });
    },
  };
};
