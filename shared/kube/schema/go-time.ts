/** @module Times as Go reads them (`time.Parse` with a layout), and its words for those it cannot read. */

type Part = { readonly layout: string; readonly pattern: RegExp };

const digits = (layout: string, count: number): Part => ({ layout, pattern: new RegExp(`^\\d{${count}}`) });
const sign = (layout: string): Part => ({ layout, pattern: new RegExp(`^${layout}`) });

const seconds: readonly Part[] = [
  digits('2006', 4),
  sign('-'),
  digits('01', 2),
  sign('-'),
  digits('02', 2),
  sign('T'),
  digits('15', 2),
  sign(':'),
  digits('04', 2),
  sign(':'),
];
const zone: Part = { layout: 'Z07:00', pattern: /^(?:Z|[+-]\d{2}:\d{2})/ };
// Go takes a fraction after the seconds although the layout has none.
const timeParts: readonly Part[] = [...seconds, { layout: '05', pattern: /^\d{2}(?:[.,]\d+)?/ }, zone];
const microParts: readonly Part[] = [...seconds, digits('05', 2), { layout: '.000000', pattern: /^[.,]\d{6}/ }, zone];

/** Why a text is no time, in Go's words; undefined when it is one. `micro`: with exactly six digits after the seconds (meta/v1 MicroTime). */
export const timeFault = (text: string, micro: boolean): string | undefined => {
  const parts = micro ? microParts : timeParts;
  const quoted = JSON.stringify(text);
  let rest = text;
  for (const { layout, pattern } of parts) {
    const found = pattern.exec(rest);
    if (found === null) {
      const whole = parts.map((part) => part.layout).join('');
      return `parsing time ${quoted} as "${whole}": cannot parse ${JSON.stringify(rest)} as "${layout}"`;
    }
    rest = rest.slice(found[0].length);
  }
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
  const unit = unitOutOfRange(text);
  return unit === undefined ? undefined : `parsing time ${quoted}: ${unit} out of range`;
};

const unitOutOfRange = (text: string): string | undefined => {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = [5, 8, 11, 14, 17].map((start) => Number(text.slice(start, start + 2)));
  if (month < 1 || month > 12) return 'month';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  if (second > 59) return 'second';
  const last = new Date(Date.UTC(Number(text.slice(0, 4)), month, 0)).getUTCDate();
  return day < 1 || day > last ? 'day' : undefined;
};
