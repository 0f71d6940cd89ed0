/** @module The price of one shape in every cluster of a list: equal prices are numbered, so that only a few are ever compared or added up. */
import type { PodShape } from '../capacity/index.ts';
import { compareText } from '../lib/compare-text.ts';
import type { ClusterView } from './model.ts';
import { type Amount, currencyOf, isMixedIn, priceIn } from './pricing.ts';

/** The cluster has no price in the currency that is compared. */
export const unpriced = -1;
const unasked = -2;

/** Different prices of a shape that are numbered; beyond it the next decision numbers anew. */
const amountsMax = 65_536;

/** Currencies of priced clusters, the one that most have first; ties go to the first by name. Prices in others cannot be compared with it. */
const currenciesIn = (views: readonly ClusterView[]): readonly string[] => {
  const clusters = new Map<string, number>();
  for (const view of views) {
    if (view.pricing !== undefined) clusters.set(currencyOf(view), (clusters.get(currencyOf(view)) ?? 0) + 1);
  }
  return [...clusters].sort(([a, n], [b, m]) => m - n || compareText(a, b)).map(([currency]) => currency);
};

const currencies = new WeakMap<readonly ClusterView[], readonly string[]>();

const compareAmounts = (a: Amount, b: Amount): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

/** Prices of one shape. */
export class PriceColumn {
  readonly #views: readonly ClusterView[];
  readonly #numbers: Int32Array;
  /** 1 where the price is the dearest of several. */
  readonly #differs: Uint8Array;
  /** The room whose nodes each price was counted from: as long as it is the same, they are. */
  readonly #rooms: ClusterView['room'][];
  readonly #known = new Map<Amount, number>();
  #amounts: Amount[] = [];
  #order: readonly number[] = [];

  constructor(views: readonly ClusterView[]) {
    this.#views = views;
    this.#numbers = new Int32Array(views.length).fill(unasked);
    this.#differs = new Uint8Array(views.length);
    this.#rooms = new Array<ClusterView['room']>(views.length).fill(undefined);
  }

  get #currencies(): readonly string[] {
    const known = currencies.get(this.#views) ?? currenciesIn(this.#views);
    currencies.set(this.#views, known);
    return known;
  }

  /** The currency that is compared. */
  get currency(): string {
    return this.#currencies[0] ?? '';
  }

  /** True when clusters have prices in more currencies than the one that is compared. */
  get isMixed(): boolean {
    return this.#currencies.length > 1;
  }

  /** Number of the price of a replica in a cluster; {@link unpriced} where there is none. */
  numberIn(place: number, shape: PodShape): number {
    const view = this.#views[place];
    if (view === undefined) return unpriced;
    const { room } = view;
    const known = this.#numbers[place] as number;
    if (known !== unasked && this.#rooms[place] === room) return known;
    this.#rooms[place] = room;
    const price = currencyOf(view) === this.currency ? priceIn(view, shape) : undefined;
    const number = price === undefined ? unpriced : this.numberOf(price);
    this.#numbers[place] = number;
    this.#differs[place] = isMixedIn(view, shape) ? 1 : 0;
    return number;
  }

  /** True when what {@link numberIn} told of a cluster is the dearest of its nodes, and others cost less. */
  differsAt(place: number): boolean {
    return this.#differs[place] === 1;
  }

  /** The number of a price. */
  numberOf(price: Amount): number {
    const known = this.#known.get(price);
    if (known !== undefined) return known;
    this.#known.set(price, this.#amounts.length);
    return this.#amounts.push(price) - 1;
  }

  /** Forgets numbers where there are too many; to be called before some are asked for that are compared with each other. */
  tidy(): void {
    if (this.#amounts.length < amountsMax) return;
    this.#numbers.fill(unasked);
    this.#known.clear();
    this.#amounts = [];
    this.#order = [];
  }

  /** The prices by number. */
  get amounts(): readonly Amount[] {
    return this.#amounts;
  }

  /** Place of each numbered price among all of them, the lowest first. */
  order(): readonly number[] {
    if (this.#order.length === this.#amounts.length) return this.#order;
    const amounts = this.#amounts;
    const byPrice = [...amounts.keys()].sort((a, b) => compareAmounts(amounts[a] ?? 0n, amounts[b] ?? 0n));
    const order = new Array<number>(amounts.length).fill(0);
    byPrice.forEach((number, place) => {
      order[number] = place;
    });
    this.#order = order;
    return order;
  }
}
