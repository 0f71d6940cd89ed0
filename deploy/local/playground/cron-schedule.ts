/** @module When a CronJob is due: five fields or a descriptor as robfig/cron v3 reads them, in the wall clock of a time zone. */

/** The times of a schedule, in ms since 1970; a schedule that is never due (31 February) has none. */
export type CronSchedule = {
  /** The first time after this one. */
  readonly next: (afterMs: number) => number | undefined;
  /** The last time after the first and not after the second. */
  readonly last: (afterMs: number, untilMs: number) => number | undefined;
};

type Bounds = { readonly min: number; readonly max: number; readonly names?: readonly string[] };

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minuteBounds: Bounds = { min: 0, max: 59 };
const hourBounds: Bounds = { min: 0, max: 23 };
const dayBounds: Bounds = { min: 1, max: 31 };
const monthBounds: Bounds = { min: 1, max: 12, names: months };
const weekdayBounds: Bounds = { min: 0, max: 6, names: days };

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A schedule without a time for so long has none at all. */
const searchMsMax = 5 * 366 * 24 * hourMs;
/** A day that is not due is left by one step up to this hour of it: clocks are never put forward or back by more than what then remains. */
const lateHour = 21;

type Field = { readonly values: ReadonlySet<number>; readonly isAny: boolean };

const fieldOf = (text: string, { min, max, names = [] }: Bounds): Field => {
  const numberOf = (word: string): number => {
    const index = names.indexOf(word.toLowerCase());
    return index >= 0 ? index + min : Number(word);
  };
  const values = new Set<number>();
  let isAny = false;
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [range = '', stepText] = part.split('/');
    const [low = '', high] = range.split('-');
    const step = Number(stepText ?? 1);
    const isStar = low === '*' || low === '?';
    const first = isStar ? min : numberOf(low);
    const end = isStar || (stepText !== undefined && high === undefined) ? max : numberOf(high ?? low);
    isAny ||= isStar && step === 1;
    for (let value = first; value <= end; value += step) values.add(value);
  }
  return { values, isAny };
};

type WallClock = { readonly minute: number; readonly hour: number; readonly day: number; readonly month: number; readonly weekday: number };

const wallClockIn = (timeZone: string): ((atMs: number) => WallClock) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{ minute: 'numeric', hour: 'numeric', day: 'numeric', month: 'numeric', weekday: 'short' },
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const of = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const weekday = days.indexOf((parts.get('weekday') ?? '').toLowerCase());
    return { minute: of('minute'), hour: of('hour'), day: of('day'), month: of('month'), weekday };
  };
};

/** The first due minute, reached in steps of a day, an hour, a minute: a time that the clocks leave out is not due, one that they repeat is due twice. */
const firstAfter = (text: string, timeZone: string): CronSchedule['next'] => {
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = ''] = text.split(/\s+/).filter((part) => part !== '');
  const minute = fieldOf(minuteText, minuteBounds);
  const hour = fieldOf(hourText, hourBounds);
  const day = fieldOf(dayText, dayBounds);
  const month = fieldOf(monthText, monthBounds);
  const weekday = fieldOf(weekdayText, weekdayBounds);
  const wallClock = wallClockIn(timeZone);
  /** Where both name days, either is enough. */
  const isDay = (now: WallClock): boolean => {
    const [byDay, byWeekday] = [day.values.has(now.day), weekday.values.has(now.weekday)];
    return month.values.has(now.month) && (day.isAny || weekday.isAny ? byDay && byWeekday : byDay || byWeekday);
  };
  return (afterMs) => {
    const untilMs = afterMs + searchMsMax;
    let atMs = (Math.floor(afterMs / minuteMs) + 1) * minuteMs;
    while (atMs <= untilMs) {
      const now = wallClock(atMs);
      const isDue = isDay(now);
      if (isDue && hour.values.has(now.hour) && minute.values.has(now.minute)) return atMs;
      if (!isDue && now.hour < lateHour) atMs += (lateHour - now.hour) * hourMs - now.minute * minuteMs;
      else if (!isDue || !hour.values.has(now.hour)) atMs += hourMs - now.minute * minuteMs;
      else atMs += minuteMs;
    }
    return undefined;
  };
};

/** By halves: what is due after a time comes no later than what is due after a later one. */
const lastWithin =
  (next: CronSchedule['next']): CronSchedule['last'] =>
  (afterMs, untilMs) => {
    const isDueAfter = (atMs: number): boolean => (next(atMs) ?? Number.POSITIVE_INFINITY) <= untilMs;
    if (!isDueAfter(afterMs)) return undefined;
    let [lowMs, highMs] = [afterMs, untilMs];
    while (highMs - lowMs > minuteMs) {
      const middleMs = Math.floor((lowMs + highMs) / 2);
      if (isDueAfter(middleMs)) lowMs = middleMs;
      else highMs = middleMs;
    }
    return next(lowMs);
  };

const unitMs: Readonly<Record<string, number>> = { h: hourMs, m: minuteMs, s: 1_000, ms: 1 };

/** `@every 1h30m`: counted from the time before, in whole seconds, at least one. */
const every = (duration: string): CronSchedule => {
  const parts = [...duration.matchAll(/([\d.]+)(ms|h|m|s)/g)];
  const wholeMs = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
  const stepMs = Math.max(1_000, Math.floor(wholeMs / 1_000) * 1_000);
  return {
    next: (afterMs) => afterMs + stepMs,
    last: (afterMs, untilMs) => (untilMs - afterMs < stepMs ? undefined : afterMs + Math.floor((untilMs - afterMs) / stepMs) * stepMs),
  };
};

/** Reads a schedule that the API server has let pass. @throws RangeError when the time zone is not known here. */
export const cronSchedule = (schedule: string, timeZone: string): CronSchedule => {
  if (schedule.startsWith('@every ')) return every(schedule.slice('@every '.length));
  const next = firstAfter(descriptors[schedule] ?? schedule, timeZone);
  return { next, last: lastWithin(next) };
};
