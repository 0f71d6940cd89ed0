/** @module Pieces that the cells of many kinds share: ages, containers, labels. */
import type { KubeObject } from '../../object.ts';
import { quantityText } from '../amounts.ts';
import { at, hasAt, listAt, textAt } from '../read.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayHours = 24;
const yearDays = 365;

const twoUnits = (great: number, greatUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${great}${greatUnit}` : `${great}${greatUnit}${small}${smallUnit}`;

/** A span of time in a few characters, such as `3m12s` or `5d4h` (apimachinery `duration.HumanDuration`). */
export const humanDuration = (spanMs: number): string => {
  const seconds = Math.trunc(spanMs / secondMs);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(spanMs / minuteMs);
  if (minutes < 10) return twoUnits(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(spanMs / hourMs);
  if (hours < 8) return twoUnits(hours, 'h', minutes % 60, 'm');
  if (hours < 2 * dayHours) return `${hours}h`;
  const days = Math.trunc(hours / dayHours);
  if (days < 8) return twoUnits(days, 'd', hours % dayHours, 'h');
  if (days < 2 * yearDays) return `${days}d`;
  const years = Math.trunc(days / yearDays);
  return days < 8 * yearDays ? twoUnits(years, 'y', days % yearDays, 'd') : `${years}y`;
};

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** RFC 3339 text → ms since the epoch; undefined when it is none. */
export const timeMs = (text: string): number | undefined => {
  const ms = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
};

/** How long ago the time at a path was; `<unknown>` when there is none. */
export const sinceCell = (time: unknown, nowMs: number): string => {
  const ms = typeof time === 'string' ? timeMs(time) : undefined;
  return ms === undefined ? '<unknown>' : humanDuration(nowMs - ms);
};

/** The age column. */
export const ageCell = (object: KubeObject, nowMs: number): string => sinceCell(object.metadata.creationTimestamp, nowMs);

/** `text`, or `<none>` when empty. */
export const orNone = (text: string): string => (text === '' ? '<none>' : text);

/** Labels as `a=1,b=2`, ordered by key; `<none>` when there are none. */
export const labelsCell = (labels: unknown): string => {
  const entries = Object.entries(typeof labels === 'object' && labels !== null ? labels : {});
  const ordered = entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return orNone(ordered.map(([key, value]) => `${key}=${String(value)}`).join(','));
};

/** The columns Containers and Images. */
export const containerCells = (podSpec: unknown): [string, string] => {
  const containers = listAt(podSpec, 'containers');
  return [containers.map((one) => textAt(one, 'name')).join(','), containers.map((one) => textAt(one, 'image')).join(',')];
};

/** A number or a string such as `25%`, as text; `otherwise` when absent. */
export const amountCell = (value: unknown, otherwise: string): string =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : otherwise;

/** A quantity in canonical form; `0` when absent, as Go prints the zero quantity. */
export const quantityCell = (object: unknown, ...path: readonly (string | number)[]): string =>
  hasAt(object, ...path) ? quantityText(at(object, ...path)) : '0';

/** A set of texts in order, joined by commas. */
export const sortedSet = (texts: readonly string[]): string => [...new Set(texts)].sort().join(',');

/** `a,b,c + 2 more...`: the first `shown` of the texts. */
export const shortened = (texts: readonly string[], shown: number, separator = ','): string =>
  texts.length > shown ? `${texts.slice(0, shown).join(separator)} + ${texts.length - shown} more...` : texts.join(separator);
