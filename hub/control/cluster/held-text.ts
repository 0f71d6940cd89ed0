/** @module What keeps a silent cluster from being given up, in words: the field that says so, until when, and what a person can do. Pure. */
import { defaultFailoverPolicy } from '../../../shared/api/index.ts';
import { type Obstacle, obstacleText, type Removal } from '../../../shared/health/index.ts';
import { listed } from '../../../shared/lib/listed.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { MeshPolicy } from '../../../shared/wire/mesh.ts';

/** Clusters that are named; the rest is counted. */
const namesMax = 5;

/** The fields of the FailoverPolicy that an obstacle comes from. */
const fieldsOf = (held: Obstacle, policy: MeshPolicy): string | undefined => {
  const window = `limits.windowSeconds ${policy.windowMs / 1_000}`;
  switch (held) {
    case 'Clusters':
      return `limits.clustersPercent ${policy.clustersPercentMax}, ${window}`;
    case 'Capacity':
      return `limits.capacityPercent ${policy.capacityPercentMax}, ${window}`;
    case 'Survivors':
      return `limits.minSurvivors ${policy.survivorsMin}`;
    case 'Manual':
      return 'mode Manual';
    default:
      return undefined;
  }
};

const namesOf = (removals: readonly Removal[]): string =>
  listed(
    removals.map(({ name }) => name),
    namesMax,
  );

/** Those that were given up before it, and how long they count: what is back counts until the window has passed, what is out longer. */
const untilText = (held: Obstacle, others: readonly Removal[], { windowMs }: MeshPolicy): string => {
  if (held !== 'Clusters' && held !== 'Capacity') return '';
  const untilOf = (removals: readonly Removal[]): string => timeText(Math.max(...removals.map(({ atMs }) => atMs)) + windowMs);
  const out = others.filter(({ isOut }) => isOut);
  const back = others.filter(({ isOut }) => !isOut);
  const lost = out.length === 1 ? 'counts while it is lost' : 'count while they are lost';
  const wereLost = back.length === 1 ? 'is back and counts' : 'are back and count';
  return [
    ...(out.length === 0 ? [] : [`; ${namesOf(out)} ${lost}, and until ${untilOf(out)} at least`]),
    ...(back.length === 0 ? [] : [`; ${namesOf(back)} ${wereLost} until ${untilOf(back)}`]),
  ].join('');
};

/** What takes the place of others under the limit for ever is no member any more once its Cluster is deleted; the names come last. */
const deleteText = (held: Obstacle, others: readonly Removal[]): string =>
  (held === 'Clusters' || held === 'Capacity') && others.some(({ isOut }) => isOut) ? 'delete lost Clusters that will not come back, ' : '';

/** Why the replicas of a silent cluster stay for now; `removals` = all that count, itself or not, with the time of day. */
export const heldText = (name: string, held: Obstacle, policy: MeshPolicy, removals: readonly Removal[]): string => {
  const fields = fieldsOf(held, policy);
  if (fields === undefined) return obstacleText[held];
  const others = removals.filter((removal) => removal.name !== name);
  const where = `FailoverPolicy ${defaultFailoverPolicy}: ${fields}`;
  const mend = `Change the policy (${where}), ${deleteText(held, others)}or move its replicas yourself: hanse drain ${name}`;
  return `${obstacleText[held]}. ${mend}${untilText(held, others, policy)}`;
};
