/** @module Values of flags that several commands take. */
import { InvalidArgumentError } from 'commander';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `30m`, `1h`, `7d` in seconds. @throws InvalidArgumentError */
export const durationSeconds = (text: string): number => {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('write it as 90s, 30m, 1h or 7d');
  return Number(amount) * (unitSeconds[unit] ?? 0);
};
