/** @module Values of flags that several commands take. */
import { InvalidArgumentError } from 'commander';

/** A day, an hour, a minute, a second. */
const unitSeconds: readonly number[] = [86_400, 3_600, 60, 1];

/** `90s`, `30m`, `1h30m`, `7d` in seconds: amounts with units, the larger first, as Go writes durations. @throws InvalidArgumentError */
export const durationSeconds = (text: string): number => {
  const parts = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (text === '' || parts === null) throw new InvalidArgumentError('write it as 90s, 30m, 1h30m or 7d');
  return unitSeconds.reduce((sum, seconds, at) => sum + Number(parts[at + 1] ?? 0) * seconds, 0);
};
