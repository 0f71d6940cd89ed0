/** @module What clusters answer for a shape, as columns: only those whose room has changed since are asked again. */
import type { ClusterRoom, FitResult, PodShape } from '../capacity/index.ts';
import type { ClusterView } from './model.ts';
import type { Refusal } from './prepare.ts';
import { PriceColumn } from './price-column.ts';
import type { Column } from './problem.ts';
import type { Demand, DemandPlan } from './requires.ts';

/** In {@link Answers.room}: the cluster may take replicas, and nothing is counted. */
export const uncounted = -1;
/** In {@link Answers.room}: the cluster cannot run the shape, or has not reported. */
export const unable = -2;

const unreported: Refusal = { reason: 'report', message: 'the cluster has not reported its capacity yet' };

/** One value a cluster; only of those that were asked. Never changed once handed out. */
export type Answers = {
  /** Further replicas, {@link uncounted} or {@link unable}. */
  readonly room: Column;
  readonly fits: readonly (FitResult | undefined)[];
  /** What a replica asks for in each cluster, or why it cannot run there; undefined = has not reported. */
  readonly demands: readonly (Demand | undefined)[];
  readonly prices: PriceColumn;
};

/** Why a cluster is {@link unable}. */
export const refusalIn = ({ demands }: Answers, place: number): Refusal => {
  const demand = demands[place];
  return demand !== undefined && 'reason' in demand ? demand : unreported;
};

/** What a replica asks for in a cluster. */
export const shapeAmong = ({ demands }: Answers, place: number): PodShape | undefined => {
  const demand = demands[place];
  return demand !== undefined && 'shape' in demand ? demand.shape : undefined;
};

type Columns = {
  readonly room: Column;
  readonly fits: (FitResult | undefined)[];
  readonly demands: (Demand | undefined)[];
  readonly prices: PriceColumn;
};

/** One shape, asked of the clusters of a list. */
export class Asked {
  readonly #views: readonly ClusterView[];
  readonly #isCounted: boolean;
  /** The room that was asked, and its revision then; NaN = none was. */
  readonly #rooms: (ClusterRoom | undefined)[];
  readonly #revisions: Float64Array;
  #columns: Columns;
  #isHandedOut = false;

  constructor(views: readonly ClusterView[], isCounted: boolean) {
    this.#views = views;
    this.#isCounted = isCounted;
    this.#rooms = new Array<ClusterRoom | undefined>(views.length).fill(undefined);
    this.#revisions = new Float64Array(views.length).fill(Number.NaN);
    this.#columns = {
      room: new Float64Array(views.length).fill(unable),
      fits: new Array<FitResult | undefined>(views.length).fill(undefined),
      demands: new Array<Demand | undefined>(views.length).fill(undefined),
      prices: new PriceColumn(views),
    };
  }

  /** Asks the first `size` clusters of `at` whose room is another one now, or may have changed. */
  answers(plan: DemandPlan, at: Int32Array, size: number): Answers {
    const views = this.#views;
    for (let index = 0; index < size; index++) {
      const place = at[index] as number;
      const room = (views[place] as ClusterView).room;
      // A room without a revision may have changed.
      const revision = room === undefined ? 0 : room.revision;
      if (room === this.#rooms[place] && revision === this.#revisions[place]) continue;
      this.#rooms[place] = room;
      this.#revisions[place] = revision ?? Number.NaN;
      this.#ask(plan, place, room);
    }
    this.#isHandedOut = true;
    return this.#columns;
  }

  #ask(plan: DemandPlan, place: number, room: ClusterRoom | undefined): void {
    const { facts = room?.report, labels } = this.#views[place] as ClusterView;
    const demand = facts === undefined ? undefined : plan.inCluster(facts, labels);
    const isAble = demand !== undefined && 'shape' in demand;
    const fit = isAble && this.#isCounted ? room?.fit(demand.shape) : undefined;
    const count = isAble ? (fit === undefined ? uncounted : Math.max(0, fit.count)) : unable;
    const { fits, demands } = this.#columns;
    if (fits[place] === fit && demands[place] === demand && this.#columns.room[place] === count) return;
    if (this.#isHandedOut) this.#copy();
    this.#columns.room[place] = count;
    this.#columns.fits[place] = fit;
    this.#columns.demands[place] = demand;
  }

  #copy(): void {
    const { room, fits, demands, prices } = this.#columns;
    this.#columns = { room: room.slice(), fits: fits.slice(), demands: demands.slice(), prices };
    this.#isHandedOut = false;
  }
}
