/** @module One run of one fault: wait for calm, strike, look, heal. */
import type { Fault } from './faults.ts';
import type { Lab } from './lab.ts';
import { type Measured, measure } from './measure.ts';
import type { SiteProcess } from './site-process.ts';
import { type Told, web } from './words.ts';

/** How long is looked at a fault. */
export type Watching = {
  /** At one that should move nothing. */
  readonly quietMs: number;
  /** At one that should, at most; it ends when all has happened. */
  readonly movesMsMax: number;
};

const pollMs = 250;
/** After the last that was waited for, late harm has this long to show. */
const afterMs = 1_500;
/** What has come to rest stays so this long before the next blow, and up to a second more, so that beats are not struck in step. */
const restMs = 2_000;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const tellAll = async (lab: Lab, sinceMs: number): Promise<ReadonlyMap<string, Told>> =>
  new Map(await Promise.all(lab.sites.map(async (site) => [site.name, await site.tell(sinceMs)] as const)));

/** True when every other site has found the victim dead and let it go, and (with a hub) its replicas are ready elsewhere. */
const isOver = ({ dead, left, lastWriteMs, replicasBackMs }: Measured, others: number, hasHub: boolean): boolean =>
  dead.length === others && left.length === others && lastWriteMs !== undefined && (!hasHub || replicasBackMs !== undefined);

/** Runs it once on one site; the laboratory is whole again afterwards. @throws when it does not come to rest before or after. */
export const runFault = async (lab: Lab, fault: Fault, victim: SiteProcess, { quietMs, movesMsMax }: Watching): Promise<Measured> => {
  const hasHub = fault.isAlone !== true;
  await lab.calm(hasHub);
  await sleep(restMs + Math.random() * 1_000);
  const before = new Map([...(await lab.states())].map(([name, { ready }]) => [name, hasHub ? ready : web.replicas]));
  const atMs = Date.now();
  await fault.strike(lab, victim);
  const look = async (): Promise<Measured> => {
    const untilMs = Date.now();
    return measure(await tellAll(lab, atMs), before, { atMs, untilMs, victim: victim.name, isCutOff: fault.isCutOff === true });
  };
  if (fault.moves) {
    while (Date.now() - atMs < movesMsMax && !isOver(await look(), lab.sites.length - 1, hasHub)) await sleep(pollMs);
    await sleep(afterMs);
  } else await sleep(quietMs);
  const healedMs = Date.now();
  await fault.heal(lab, victim);
  await lab.calm(hasHub);
  // Requests that were under way have their answers by now.
  return measure(await tellAll(lab, atMs), before, { atMs, untilMs: healedMs, victim: victim.name, isCutOff: fault.isCutOff === true });
};
