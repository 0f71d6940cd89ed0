/** @module As `debt.ts` of an exact model: amounts of pods on their way that found no node are kept free in the sum over the nodes that they may run on. */
import { smaller } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import type { ClusterModel } from './node.ts';
import { refusalOf } from './node-match.ts';

/** Pods that found no node; the demand is folded. */
export type OwedPods = { readonly demand: PodDemand; readonly missing: bigint };

/** Replicas that the sum over the nodes still holds once what is owed to pods which may come to some of them is set aside; undefined = any number. */
export const mostBeside = ({ nodes }: ClusterModel, owed: readonly OwedPods[], demand: PodDemand): bigint | undefined => {
  const open = nodes.filter((node) => refusalOf(node, demand) === undefined);
  const near = owed.filter((one) => open.some((node) => refusalOf(node, one.demand) === undefined));
  let most: bigint | undefined;
  for (const [resource, amount] of demand.requests) {
    const taken = near.reduce((sum, one) => sum + one.missing * (one.demand.requests.get(resource) ?? 0n), 0n);
    if (taken === 0n || amount <= 0n) continue;
    const whole = open.reduce((sum, { free }) => {
      const here = free.get(resource) ?? 0n;
      return here > 0n ? sum + here : sum;
    }, 0n);
    const fits = whole > taken ? (whole - taken) / amount : 0n;
    most = most === undefined ? fits : smaller(most, fits);
  }
  return most;
};
