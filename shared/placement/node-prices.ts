/** @module What replicas cost an hour by the nodes that they are on, or would be bound to, where the prices of a cluster's nodes differ. */
import type { NodeLot, PodShape } from '../capacity/index.ts';
import type { ClusterView, Workload } from './model.ts';
import { type Amount, isMixedIn, priceIn, priceOn } from './pricing.ts';

/** A cluster, and what a replica asks for there. */
export type Asked = { readonly view: ClusterView; readonly shape: PodShape };

const countOf = (lots: readonly NodeLot[]): number => lots.reduce((sum, { count }) => sum + count, 0);

/** The cost of `replicas` of those in the lots, the dearest first; those beyond them cost what the dearest node does. */
const costOfLots = ({ view, shape }: Asked, lots: readonly NodeLot[], replicas: number): Amount => {
  const most = priceIn(view, shape) ?? 0n;
  const priced = lots.map(({ labels, count }) => ({ price: priceOn(view, shape, labels) ?? most, count }));
  let [rest, sum] = [replicas, 0n];
  for (const { price, count } of priced.sort((a, b) => (a.price > b.price ? -1 : a.price < b.price ? 1 : 0))) {
    const here = Math.min(rest, count);
    sum += price * BigInt(here);
    rest -= here;
  }
  return sum + most * BigInt(rest);
};

/** What so many of the replicas cost that a cluster has now; which of them stay is not known, and the dearest count. */
export const costOfPresent = (asked: Asked, { current, runsOn }: Workload, replicas: number): Amount => {
  const { view, shape } = asked;
  if (!isMixedIn(view, shape)) return (priceIn(view, shape) ?? 0n) * BigInt(replicas);
  const seen = runsOn?.get(view.name) ?? [];
  const isOnTheWay = (current.get(view.name) ?? 0) > countOf(seen);
  return costOfLots(asked, isOnTheWay ? [...seen, ...(view.room?.lotsHeld?.(shape) ?? [])] : seen, replicas);
};

/** What so many further replicas cost, where the cluster's room would bind them. */
const costOfFurther = (asked: Asked, replicas: number): Amount => {
  const { view, shape } = asked;
  if (!isMixedIn(view, shape)) return (priceIn(view, shape) ?? 0n) * BigInt(replicas);
  return costOfLots(asked, view.room?.lotsFor?.(shape, replicas) ?? [], replicas);
};

/** What the replicas of a decision cost in a cluster: those that are there stay where they are. */
export const costOfGot = (asked: Asked, workload: Workload, got: number): Amount => {
  const stay = Math.min(got, workload.current.get(asked.view.name) ?? 0);
  return costOfPresent(asked, workload, stay) + costOfFurther(asked, got - stay);
};

/** The mean price of the next replicas, as many as fit of those; the dearest node's where none fits. */
export const meanPrice = (asked: Asked, replicas: number): Amount | undefined => {
  const { view, shape } = asked;
  const further = Math.min(replicas, view.room?.fit(shape).count ?? 0);
  return further > 0 && isMixedIn(view, shape) ? costOfFurther(asked, further) / BigInt(further) : priceIn(view, shape);
};
