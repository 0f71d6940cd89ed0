/** @module Tests of the text table. */
import { expect, test } from 'vitest';
import { tableLines } from './table.ts';

test('columns are as wide as their widest cell, and no line ends in blanks', () => {
  expect(
    tableLines(
      ['CLUSTER', 'GOT'],
      [
        ['aws-ireland', '3'],
        ['idc', ''],
      ],
    ),
  ).toEqual(['CLUSTER       GOT', 'aws-ireland   3', 'idc']);
});
