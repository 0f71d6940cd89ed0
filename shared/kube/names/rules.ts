/** @module Which strings may be names, keys and values, with the API server's words for each fault (apimachinery `util/validation`, `api/validate/content`). */
import { utf8Length } from './text.ts';

/** Says what is wrong with a value; empty = nothing. */
export type Rule = (value: string) => string[];

/** A {@link Rule} for object names; `prefix` is true for generateName, to which a suffix will be added. */
export type NameRule = (name: string, prefix: boolean) => string[];

const labelPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainPattern = `${labelPattern}(\\.${labelPattern})*`;
const dns1035Pattern = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedPattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValuePattern = `(${qualifiedPattern})?`;
const configKeyPattern = '[-._a-zA-Z0-9]+';
const envNamePattern = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const percentPattern = '[0-9]+%';
const headerPattern = '[-A-Za-z0-9]+';

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
const labelRegExp = whole(labelPattern);
const subdomainRegExp = whole(subdomainPattern);
const dns1035RegExp = whole(dns1035Pattern);
const wildcardPattern = `\\*\\.${subdomainPattern}`;
const wildcardRegExp = whole(wildcardPattern);
const qualifiedRegExp = whole(qualifiedPattern);
const labelValueRegExp = whole(labelValuePattern);
const configKeyRegExp = whole(configKeyPattern);
const percentRegExp = whole(percentPattern);
const headerRegExp = whole(headerPattern);

const labelLengthMax = 63;
const subdomainLengthMax = 253;
const portNameLengthMax = 15;
const portMax = 65535;

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const dns1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const wildcardText =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const qualifiedText = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const tooLongText = (lengthMax: number): string => `must be no more than ${lengthMax} characters`;
const tooLongBytesText = (lengthMax: number): string => `must be no more than ${lengthMax} bytes`;
const patternText = (text: string, pattern: string, examples: readonly string[]): string =>
  `${text} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;

/** `must be between 1 and 65535, inclusive`. */
export const rangeText = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

const longerThan = (value: string, lengthMax: number, text: (lengthMax: number) => string): string[] =>
  utf8Length(value) > lengthMax ? [text(lengthMax)] : [];

/** A label of DNS: up to 63 of a-z, 0-9 and inner dashes (RFC 1123). */
export const dns1123Label: Rule = (value) => {
  const faults = longerThan(value, labelLengthMax, tooLongText);
  if (labelRegExp.test(value)) return faults;
  const text = subdomainRegExp.test(value) ? 'must not contain dots' : patternText(labelText, labelPattern, ['my-name', '123-abc']);
  return [...faults, text];
};

const subdomain = (value: string, text: (lengthMax: number) => string): string[] => {
  const faults = longerThan(value, subdomainLengthMax, text);
  return subdomainRegExp.test(value) ? faults : [...faults, patternText(subdomainText, subdomainPattern, ['example.com'])];
};

/** Labels joined by dots, up to 253 characters (RFC 1123). */
export const dns1123Subdomain: Rule = (value) => subdomain(value, tooLongText);

/** As {@link dns1123Label}, but it starts with a letter (RFC 1035). */
export const dns1035Label: Rule = (value) => {
  const faults = longerThan(value, labelLengthMax, tooLongText);
  return dns1035RegExp.test(value) ? faults : [...faults, patternText(dns1035Text, dns1035Pattern, ['my-name', 'abc-123'])];
};

/** `*.` and a subdomain (RFC 1034 §4.3.3). */
export const wildcardSubdomain: Rule = (value) => {
  const faults = longerThan(value, subdomainLengthMax, tooLongText);
  return wildcardRegExp.test(value) ? faults : [...faults, patternText(wildcardText, wildcardPattern, ['*.example.com'])];
};

/** A label key, annotation key, resource or finalizer name: an optional subdomain and `/`, then up to 63 characters. */
export const qualifiedName: Rule = (value) => {
  const parts = value.split('/');
  const [first = '', second] = parts;
  const shape = (prefix: string): string => prefix + patternText(qualifiedText, qualifiedPattern, ['MyName', 'my.name', '123-abc']);
  if (parts.length > 2) return [`${shape('a valid label key ')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const faults: string[] = [];
  if (second !== undefined) {
    const prefixFaults = first === '' ? ['must be non-empty'] : subdomain(first, tooLongBytesText);
    faults.push(...prefixFaults.map((text) => `prefix part ${text}`));
  }
  const name = second ?? first;
  if (name === '') faults.push('name part must be non-empty');
  else faults.push(...longerThan(name, labelLengthMax, tooLongBytesText).map((text) => `name part ${text}`));
  if (!qualifiedRegExp.test(name)) faults.push(shape('name part '));
  return faults;
};

/** A label's value: empty, or up to 63 characters. */
export const labelValue: Rule = (value) => {
  const faults = longerThan(value, labelLengthMax, tooLongBytesText);
  return labelValueRegExp.test(value)
    ? faults
    : [...faults, patternText(labelValueText, labelValuePattern, ['MyValue', 'my_value', '12345'])];
};

const parentDirectory = (value: string): string[] => {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
};

/** A key of a ConfigMap or Secret. */
export const configMapKey: Rule = (value) => {
  const faults = longerThan(value, subdomainLengthMax, tooLongText);
  const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  if (!configKeyRegExp.test(value)) faults.push(patternText(text, configKeyPattern, ['key.name', 'KEY_NAME', 'key-name']));
  return [...faults, ...parentDirectory(value)];
};

/** The name of an environment variable: printable ASCII but `=` (KEP-4369). */
export const envVarName: Rule = (value) => {
  if (value === '') return ['environment variable name must be non-empty'];
  const text = "a valid environment variable name must consist only of printable ASCII characters other than '='";
  return /^[ -<>-~]+$/.test(value) ? [] : [text];
};

/** The strict form of {@link envVarName}, as `envFrom` prefixes had it. */
export const strictEnvVarName: Rule = (value) => {
  const text =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const faults = whole(envNamePattern).test(value) ? [] : [patternText(text, envNamePattern, ['my.env-name', 'MY_ENV.NAME', 'MyEnvName1'])];
  return [...faults, ...parentDirectory(value)];
};

/** A port's name: up to 15 of a-z, 0-9 and single inner dashes, with a letter (RFC 6335). */
export const portName: Rule = (value) => {
  const faults = longerThan(value, portNameLengthMax, tooLongText);
  if (!/^[-a-z0-9]+$/.test(value)) faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) faults.push('must contain at least one letter (a-z)');
  if (value.includes('--')) faults.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) faults.push('must not begin or end with a hyphen');
  return faults;
};

/** 1 to 65535. */
export const portNumber = (port: number): string[] =>
  Number.isInteger(port) && port >= 1 && port <= portMax ? [] : [rangeText(1, portMax)];

/** `25%`. */
export const percent: Rule = (value) =>
  percentRegExp.test(value)
    ? []
    : [patternText("a valid percent string must be a numeric string followed by an ending '%'", percentPattern, ['1%', '93%'])];

/** The name of an HTTP header. */
export const httpHeaderName: Rule = (value) =>
  headerRegExp.test(value)
    ? []
    : [patternText("a valid HTTP header must consist of alphanumeric characters or '-'", headerPattern, ['X-Header-Name'])];

/** What can stand between two slashes of a URL: RBAC names. */
export const pathSegmentName: NameRule = (name) => {
  if (name === '.') return ["may not be '.'"];
  if (name === '..') return ["may not be '..'"];
  return ['/', '%'].filter((sign) => name.includes(sign)).map((sign) => `may not contain '${sign}'`);
};

/** A trailing dash of a prefix is no fault: characters follow. */
const maskTrailingDash = (name: string, prefix: boolean): string =>
  prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;

/** Names of most kinds. */
export const subdomainName: NameRule = (name, prefix) => dns1123Subdomain(maskTrailingDash(name, prefix));
/** Names of namespaces and of what becomes a host name. */
export const labelName: NameRule = (name, prefix) => dns1123Label(maskTrailingDash(name, prefix));
