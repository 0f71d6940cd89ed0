/** @module A cost as people read it. */
import type { CurrencyCost } from '../../shared/api/index.ts';

/** `cost an hour 2.5 USD, before 2`. */
export const costText = ({ before, after, currency }: CurrencyCost): string =>
  `cost an hour ${after}${currency === '' ? '' : ` ${currency}`}, before ${before}`;
