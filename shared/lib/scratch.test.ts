/** @module Memory that is used again looks like new. */
import { describe, expect, it } from 'vitest';
import { createBlank, createBlanks } from './scratch.ts';

describe('createBlank', () => {
  it('gives the same column again for a length, cleared', () => {
    const blank = createBlank();
    const first = blank(3).fill(7);
    const second = blank(3);
    expect(second).toBe(first);
    expect([...second]).toEqual([0, 0, 0]);
  });

  it('gives columns of several lengths that are apart', () => {
    const blank = createBlank();
    blank(2).fill(7);
    expect([...blank(4)]).toEqual([0, 0, 0, 0]);
    expect(blank(2)).toHaveLength(2);
  });
});

describe('createBlanks', () => {
  it('gives columns that share no place, also where their lengths are equal', () => {
    const blanks = createBlanks();
    blanks([2, 2, 3]).forEach((column, at) => {
      column.fill(at + 1);
    });
    const columns = blanks([2, 2, 3]);
    columns[1]?.fill(5);
    expect(columns.map((column) => [...column])).toEqual([
      [0, 0],
      [5, 5],
      [0, 0, 0],
    ]);
  });
});
