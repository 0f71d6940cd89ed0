/** @module A binary heap of places in columns: the first by a total order, again and again, without an object for any. */

/** Places of which the first one by `before` is at hand. `items` is taken over and is the most it can hold; the first `size` are in it. */
export class IndexHeap {
  readonly #items: Int32Array;
  readonly #before: (a: number, b: number) => boolean;
  #size: number;

  constructor(items: Int32Array, size: number, before: (a: number, b: number) => boolean) {
    this.#items = items;
    this.#before = before;
    this.#size = size;
    for (let at = (size >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get size(): number {
    return this.#size;
  }

  /** The first one; -1 when there is none. */
  peek(): number {
    return this.#size === 0 ? -1 : (this.#items[0] as number);
  }

  push(item: number): void {
    const items = this.#items;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as number;
      if (!this.#before(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  /** Takes the first one out; -1 when there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const first = this.#items[0] as number;
    this.#size -= 1;
    if (this.#size > 0) {
      this.#items[0] = this.#items[this.#size] as number;
      this.#sink(0);
    }
    return first;
  }

  /** Call after the first one changed so that it may come later. */
  sinkFirst(): void {
    if (this.#size > 1) this.#sink(0);
  }

  /**
   * To the end along those that come first, and up again to its place: what has to come later mostly comes late, and so one look a level does
   * (I. Wegener, Bottom-up heapsort, 1993).
   */
  #sink(from: number): void {
    const items = this.#items;
    const size = this.#size;
    const item = items[from] as number;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#before(items[child + 1] as number, items[child] as number)) child += 1;
      items[at] = items[child] as number;
      at = child;
    }
    while (at > from) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as number;
      if (!this.#before(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }
}
