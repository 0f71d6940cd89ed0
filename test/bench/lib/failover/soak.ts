/** @module Bursts of loss on every path for a long while: how many deaths are told of clusters that live. */
import { movesTraffic } from '../../../../shared/health/index.ts';
import { bursts } from './faults.ts';
import type { Lab } from './lab.ts';

/** What a soak came to. */
export type Soaked = {
  readonly minutes: number;
  /** Deaths that any agent told of. */
  readonly falseDeaths: number;
  /** Verdicts that move nothing, by cause. */
  readonly others: ReadonlyMap<string, number>;
  readonly requests: number;
  readonly lost: number;
  readonly wrong: number;
  readonly stalls: number;
};

/** Sites keep ten minutes of requests: they are read each minute. */
const readEveryMs = 60_000;

/** Soaks. The laboratory is whole again afterwards. */
export const soak = async (lab: Lab, rttMs: number, minutes: number): Promise<Soaked> => {
  await lab.setLinks(rttMs, bursts);
  const others = new Map<string, number>();
  const sums = { falseDeaths: 0, requests: 0, lost: 0, wrong: 0, stalls: 0 };
  let fromMs = Date.now();
  const endMs = fromMs + minutes * 60_000;
  while (fromMs < endMs) {
    await new Promise((done) => setTimeout(done, Math.min(readEveryMs, endMs - fromMs)));
    const untilMs = Date.now();
    for (const told of await Promise.all(lab.sites.map((site) => site.tell(fromMs)))) {
      for (const { cause, phase } of told.verdicts) {
        if (phase !== 'Standing') continue;
        if (movesTraffic(cause)) sums.falseDeaths += 1;
        else others.set(cause, (others.get(cause) ?? 0) + 1);
      }
      sums.stalls += told.abstentions.filter(({ why }) => why === 'Stalled').length;
      sums.requests += told.requests.length;
      sums.lost += told.requests.filter(({ outcome }) => outcome === 'lost').length;
      sums.wrong += told.requests.filter(({ outcome }) => outcome === 'wrong').length;
    }
    fromMs = untilMs;
  }
  await lab.setLinks(rttMs);
  return { minutes, others, ...sums };
};
