/**
 * @module How many clusters the hub may give up within a window, whoever says that they are dead: the voters keep to the same rule, but the
 * hub's own hearing can be wrong about many at once.
 */
import { type FailoverPolicySpec, meshPolicyOf } from '../../../shared/api/index.ts';
import { bearsLoad, heldBy, neededOf, type Obstacle, observersOf, type Removal } from '../../../shared/health/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { hubName, type Member } from '../../../shared/wire/mesh.ts';
import { membersOf } from '../verdict/membership.ts';
import type { Directory } from './directory.ts';
import { heldText } from './held-text.ts';

/** The clusters given up. */
export type Removals = {
  /** Why the cluster's replicas may not go elsewhere now; undefined = they may, and it counts from now on. */
  readonly take: (name: string) => Obstacle | undefined;
  /** The cluster is well; what was given up of it still counts within the window. */
  readonly giveBack: (name: string) => void;
  /**
   * To be called all the time: what has left the window, as it is now, is over for good, and so is what is no member any more. The voters
   * forget as they go, so that a window which is made longer later counts the same at both.
   */
  readonly forget: () => void;
  /** What keeps the cluster's replicas from going elsewhere, in words. */
  readonly why: (name: string, held: Obstacle) => string;
};

/** True when those who watch the cluster can never be a majority: the hub that the policy refused as a witness is none by the back door. */
const lacksWitness = (name: string, members: readonly Member[]): boolean => {
  const observers = observersOf(name, { members }, hubName).length;
  return observers < neededOf(observers);
};

/** Each cluster once: out where it is so to either, and removed when it last was. */
const merged = (removals: readonly Removal[]): readonly Removal[] => {
  const byName = new Map<string, Removal>();
  for (const { name, atMs, isOut } of removals) {
    const known = byName.get(name);
    byName.set(name, { name, atMs: Math.max(atMs, known?.atMs ?? atMs), isOut: isOut || known?.isOut === true });
  }
  return [...byName.values()];
};

/**
 * `kept`: what an earlier hub had given up, with the time of day. `agreed`: what the observers have removed, the gateways that they hold for dead
 * too, as the hub counts their votes: the limit is one for both.
 */
export const createRemovals = (
  directory: Directory,
  policy: () => FailoverPolicySpec,
  env: Pick<RuntimeEnv, 'monotonicMs' | 'nowMs'>,
  kept: readonly Removal[],
  agreed: () => readonly Removal[],
): Removals => {
  // What a clock that was set back puts into the future is as if it were of now.
  let removals = kept.map((removal) => ({ ...removal, atMs: env.monotonicMs() - Math.max(0, env.nowMs() - removal.atMs) }));
  const membersNow = (): readonly Member[] =>
    membersOf(
      directory
        .all()
        .flatMap(({ object }) =>
          object === undefined ? [] : [{ cluster: object, meshAddresses: [], labels: {}, liveness: { is: 'Heard' as const } }],
        ),
      policy(),
      '',
    ).members;
  const forget = (members: readonly Member[]): void => {
    const names = new Set(members.map(({ name }) => name));
    const { windowMs } = meshPolicyOf(policy());
    removals = removals.filter(({ name, isOut, atMs }) => names.has(name) && (isOut || env.monotonicMs() - atMs < windowMs));
  };
  return {
    forget: () => {
      if (removals.length > 0) forget(membersNow());
    },
    take: (name) => {
      if (removals.some((removal) => removal.name === name && removal.isOut)) return undefined;
      const nowMs = env.monotonicMs();
      const members = membersNow();
      forget(members);
      // What no policy of limits can mend is said first.
      const facts = { members, removals: merged([...removals, ...agreed()]), policy: meshPolicyOf(policy()), nowMs };
      const held = lacksWitness(name, members) ? 'NoWitness' : heldBy(name, facts);
      if (held === undefined) removals = [...removals.filter((removal) => removal.name !== name), { name, atMs: nowMs, isOut: true }];
      return held;
    },
    why: (name, held) => {
      const members = membersNow();
      forget(members);
      const counted = new Set(members.filter(bearsLoad).map((member) => member.name));
      const setMs = env.nowMs() - env.monotonicMs();
      const told = merged([...removals, ...agreed()])
        .filter((removal) => counted.has(removal.name))
        .map((removal) => ({ ...removal, atMs: removal.atMs + setMs }));
      return heldText(name, held, meshPolicyOf(policy()), told);
    },
    giveBack: (name) => {
      removals = removals.map((removal) => (removal.name === name ? { ...removal, isOut: false } : removal));
    },
  };
};
