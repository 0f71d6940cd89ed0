/** @module Faults of a CronJob's schedule, in the words of the parser that Kubernetes uses (robfig/cron v3). */
import { goQuote } from '../../names/index.ts';

type Bounds = { readonly min: number; readonly max: number; readonly names?: readonly string[] };

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const everyPrefix = '@every ';

/** A number, or the words for what is wrong. */
type Value = number | string;

const readNumber = (text: string): Value => {
  if (!/^[+-]?[0-9]+$/.test(text)) return `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
};

const readNamed = (text: string, bounds: Bounds): Value => {
  const index = bounds.names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + bounds.min : readNumber(text);
};

const rangeFault = (text: string, bounds: Bounds): string | undefined => {
  const [range = '', stepText, ...slashes] = text.split('/');
  const [low = '', high, ...hyphens] = range.split('-');
  const isAny = low === '*' || low === '?';
  const start = isAny ? bounds.min : readNamed(low, bounds);
  if (typeof start === 'string') return start;
  if (!isAny && hyphens.length > 0) return `too many hyphens: ${text}`;
  const last = isAny ? bounds.max : high === undefined ? start : readNamed(high, bounds);
  if (typeof last === 'string') return last;
  if (slashes.length > 0) return `too many slashes: ${text}`;
  const step = stepText === undefined ? 1 : readNumber(stepText);
  if (typeof step === 'string') return step;
  const end = stepText !== undefined && high === undefined ? bounds.max : last;
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${text}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
};

const descriptorFault = (schedule: string): string | undefined => {
  if (descriptors.includes(schedule)) return undefined;
  if (!schedule.startsWith(everyPrefix)) return `unrecognized descriptor: ${schedule}`;
  const duration = schedule.slice(everyPrefix.length);
  if (/^[+-]?([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+$/.test(duration)) return undefined;
  return `failed to parse duration ${schedule}: time: invalid duration ${goQuote(duration)}`;
};

/** What is wrong with a schedule of five fields or a descriptor such as `@daily`; undefined = nothing. */
export const scheduleFault = (schedule: string): string | undefined => {
  if (schedule === '') return 'empty spec string';
  const spec = schedule.replace(/^(TZ|CRON_TZ)=\S*\s*/, '');
  if (spec.startsWith('@')) return descriptorFault(spec);
  const parts = spec.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  for (const [index, part] of parts.entries()) {
    const bounds = fields[index];
    for (const range of part.split(',')) {
      const fault = bounds === undefined || range === '' ? undefined : rangeFault(range, bounds);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
};
