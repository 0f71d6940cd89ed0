/** @module A benchmark's result as text and as one JSON document. */
import { type BenchResult, type Cell, type Goal, isMet } from './bench.ts';

/** The table, then each goal with its verdict. */
export const asText = (result: BenchResult): string => {
  const lines = [result.columns, ...result.rows.map((row) => row.map(textOf))];
  const widths = result.columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumber = result.columns.map((_, column) => result.rows.every((row) => typeof row[column] === 'number'));
  const table = lines.map((line) => line.map((cell, column) => pad(cell, widths[column] ?? 0, isNumber[column] ?? false)).join('  '));
  return `${[result.title, '', ...table.map((line) => line.trimEnd()), '', ...result.goals.map(goalLine)].join('\n')}\n`;
};

/** One document: the result with `ok` and each goal's verdict. */
export const asJson = (name: string, result: BenchResult): string =>
  `${JSON.stringify({ name, ok: result.goals.every(isMet), ...result, goals: result.goals.map((goal) => ({ ...goal, met: isMet(goal) })) })}\n`;

const textOf = (cell: Cell): string => (typeof cell === 'number' ? numberText(cell) : cell);
const numberText = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 });
const pad = (cell: string, width: number, right: boolean): string => (right ? cell.padStart(width) : cell.padEnd(width));

const goalLine = (goal: Goal): string => {
  const sign = goal.bound === 'max' ? '≤' : '≥';
  return `${isMet(goal) ? 'met   ' : 'MISSED'}  ${goal.name}: ${numberText(goal.value)} ${goal.unit} (goal ${sign} ${numberText(goal.goal)} ${goal.unit})`;
};
