/** @module One seed from its first event to its end: faults, healing, and the wait until everything has settled. */
import { startChaos } from './chaos.ts';
import { unsettled } from './check/settled.ts';
import { startClients } from './clients.ts';
import { createEventLog } from './event-log.ts';
import { convergeMsMax, drawFaults, type Faults, faultsText, healed } from './faults.ts';
import { createFederation, type Saboteur } from './federation.ts';
import { forbidHiddenInputs } from './guard.ts';
import { createWorld, startMs } from './world.ts';

/** How a run ended. */
export type SeedResult = {
  readonly seed: number;
  readonly events: number;
  /** SHA-256 of everything that happened. */
  readonly hash: string;
  readonly faults: string;
  /** Undefined = every rule held. */
  readonly broken: { readonly rule: string; readonly message: string } | undefined;
  readonly tail: readonly string[];
  /** Virtual ms from the healing until everything had settled; undefined when it did not. */
  readonly settledMs: number | undefined;
  /** Singletons that began in one cluster while another ran them. */
  readonly singletonOverlaps: number;
  /** Times from the death of a cluster to each watch's verdict on it, ms, unsorted; and verdicts that should not have been. */
  readonly verdicts: { readonly tookMs: readonly number[]; readonly false: number };
  /** Requests of clients, those that were not answered, and how long each client lost some to a cluster that died. */
  readonly clients: { readonly requests: number; readonly lost: number; readonly recoverMs: readonly number[] };
};

/** What a run may be given besides its seed. */
export type SeedOptions = {
  /** Takes the faults of the seed, then each event. */
  readonly print?: (line: string) => void;
  /** Faults in place of the drawn ones. */
  readonly faults?: (drawn: Faults) => Faults;
  readonly saboteur?: Saboteur;
};

/** Time between two looks at whether everything has settled. */
const lookMs = 5_000;
/** A look that finds something undone is repeated so often and so soon. */
const looksAgainMax = 3;
const lookAgainMs = 300;
/** It must stay so for this long. */
const calmMs = 10_000;
/** The same in the seeds that run long. */
const longCalmMs = 45_000;

/** Three times what the busiest seeds need for each agent: most of it is what a mesh says to itself. */
const eventsPerSecondMax = ({ agents, mesh }: Faults): number => agents * (mesh === 0 ? 100 : 1_000);

/** Runs a seed. Hidden inputs throw while it runs. */
export const runSeed = async (seed: number, options: SeedOptions = {}): Promise<SeedResult> => {
  const allow = forbidHiddenInputs();
  try {
    return await run(seed, options);
  } finally {
    allow();
  }
};

const run = async (seed: number, options: SeedOptions): Promise<SeedResult> => {
  const drawn = drawFaults(seed);
  const mix = options.faults?.(drawn) ?? drawn;
  let faults = mix;
  options.print?.(`seed ${seed}, faults: ${faultsText(mix)}`);
  const log = createEventLog(options.print);
  const world = createWorld(log, eventsPerSecondMax(mix));
  const federation = await createFederation(world, seed, () => faults, options.saboteur);
  const broken = () => federation.observer.broken();
  const resultOf = (why: SeedResult['broken'], settledMs: number | undefined): SeedResult => ({
    seed,
    events: world.events(),
    hash: log.hash(),
    faults: faultsText(mix),
    broken: why,
    tail: log.tail(),
    settledMs,
    singletonOverlaps: federation.singletons.overlaps,
    verdicts: federation.verdicts,
    clients: {
      requests: federation.requests.requests,
      lost: federation.requests.lost,
      recoverMs: [...federation.requests.recoverMs.values()],
    },
  });
  try {
    federation.startHub();
    for (const cluster of federation.members.keys()) federation.startAgent(cluster);
    const chaos = startChaos(world, federation, seed, mix);
    if (federation.clientWorld !== undefined) startClients(world, seed, mix.clients, federation.clientWorld, federation.observer.requested);
    await world.runUntil(startMs + mix.faultyMs, () => broken() !== undefined);
    if (broken() !== undefined) return resultOf(broken(), undefined);
    faults = healed(mix);
    chaos.heal();
    const healedMs = world.nowMs();
    let calmSinceMs: number | undefined;
    let why = '';
    while (world.nowMs() < healedMs + convergeMsMax) {
      await world.runUntil(world.nowMs() + lookMs, () => broken() !== undefined);
      if (broken() !== undefined) return resultOf(broken(), undefined);
      why = unsettled(federation);
      // A key that is just being worked on is no unrest: look once more.
      for (let again = 0; again < looksAgainMax && why !== ''; again++) {
        await world.runUntil(world.nowMs() + lookAgainMs, () => broken() !== undefined);
        why = unsettled(federation);
      }
      if (why !== '') world.say(`not settled: ${why}`);
      if (why !== '') calmSinceMs = undefined;
      else calmSinceMs ??= world.nowMs();
      if (calmSinceMs !== undefined && world.nowMs() - calmSinceMs >= (mix.faultyMs > 200_000 ? longCalmMs : calmMs))
        return resultOf(undefined, calmSinceMs - healedMs);
    }
    return resultOf(
      { rule: 'everything converges after healing', message: why === '' ? 'it settles again and again, but does not stay so' : why },
      undefined,
    );
  } catch (error) {
    return resultOf(
      { rule: 'nothing throws', message: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      undefined,
    );
  }
};
