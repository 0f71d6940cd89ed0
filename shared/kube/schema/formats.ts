/** @module String formats that schemas may ask for (kube-openapi, strfmt); formats nobody knows are not checked. */

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;
const hextet = /^[0-9a-fA-F]{1,4}$/;

const isIpv6 = (text: string): boolean => {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    const parts = half === '' ? [] : half.split(':');
    for (const [place, part] of parts.entries()) {
      const isTail = index === halves.length - 1 && place === parts.length - 1;
      if (isTail && ipv4.test(part)) groups += 2;
      else if (hextet.test(part)) groups += 1;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
};

const isCidr = (text: string): boolean => {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return ipv4.test(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
};

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

const isDate = (text: string): boolean => {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
};

const time = /^[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const isDateTime = (text: string): boolean => isDate(text.slice(0, 10)) && time.test(text.slice(10));

const hostname = /^(?=.{1,255}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62})?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62})?)*\.?$/;
const isUri = (text: string): boolean => text.startsWith('/') || URL.canParse(text);
const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

const checks: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['byte', matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)],
  ['cidr', isCidr],
  ['date', isDate],
  ['datetime', isDateTime],
  ['duration', matches(/^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)\s?(?:ns|us|µs|μs|ms|s|m|h|d|w|hours?|minutes?|seconds?|days?|weeks?))+)$/)],
  ['email', matches(/^[^\s@<>]+@[^\s@<>]+$/)],
  ['hexcolor', matches(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['hostname', matches(hostname)],
  ['ipv4', matches(ipv4)],
  ['ipv6', isIpv6],
  ['mac', matches(/^(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/)],
  ['uri', isUri],
  ['uuid', matches(/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i)],
  ['uuid3', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ['uuid4', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ['uuid5', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
]);

/** True when a text is of the format, or the format is unknown. Hyphens in a format's name do not count. */
export const hasFormat = (format: string, text: string): boolean => checks.get(format.replaceAll('-', ''))?.(text) ?? true;
