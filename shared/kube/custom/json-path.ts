/**
 * @module The JSON paths of CRD printer columns and selectable fields (client-go util/jsonpath, the part that columns may use): `.a.b`,
 * `['a.b']`, `.a\.b`, `[0]`, `[-1]`, `[*]`, `[?(@.type=="Ready")]`.
 */
import { isObject, own } from '../schema/index.ts';

type Step = (values: readonly unknown[]) => readonly unknown[];
/** Reads the values at a path; none when there is nothing. */
export type JsonPath = (value: unknown) => readonly unknown[];

const pathLengthMax = 1_024;
/** Values a path may stand for; more are left out. */
const valuesMax = 1_000;

const field =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => {
      const found = isObject(value) ? own(value, name) : undefined;
      return found === undefined ? [] : [found];
    });

const index =
  (at: number): Step =>
  (values) =>
    values.flatMap((value) => (Array.isArray(value) && value.length > 0 && value.at(at) !== undefined ? [value.at(at)] : []));

const each: Step = (values) =>
  values.flatMap((value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [])).slice(0, valuesMax);

const filter =
  (path: JsonPath, operator: string, wanted: unknown): Step =>
  (values) =>
    values
      .flatMap((value) => (Array.isArray(value) ? value : []))
      .filter((item) => (operator === '==' ? path(item)[0] === wanted : path(item)[0] !== wanted))
      .slice(0, valuesMax);

const token =
  /\.((?:\\.|[^.[\]\\])+)|\['((?:\\.|[^'\\])*)'\]|\["((?:\\.|[^"\\])*)"\]|\[(-?\d{1,9})\]|\[(\*)\]|\[\?\(\s*@([^=!<>()]+?)\s*(==|!=)\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|true|false|-?\d{1,15})\s*\)\]/y;

const literal = (text: string): unknown => {
  if (text.startsWith("'") || text.startsWith('"')) return unescaped(text.slice(1, -1));
  return text === 'true' ? true : text === 'false' ? false : Number(text);
};
const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1');

/** Reads a path; undefined when it is not one of this kind. */
export const parseJsonPath = (source: string, nested = false): JsonPath | undefined => {
  const text = source.startsWith('{') && source.endsWith('}') ? source.slice(1, -1) : source;
  if (text.length > pathLengthMax) return undefined;
  const steps: Step[] = [];
  token.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) return undefined;
    at = token.lastIndex;
    const [, plain, single, double, number, star, inner, operator = '', value = ''] = match;
    const name = plain ?? single ?? double;
    if (name !== undefined) steps.push(plain === '*' ? each : field(unescaped(name)));
    else if (number !== undefined) steps.push(index(Number(number)));
    else if (star !== undefined) steps.push(each);
    else {
      const path = nested ? undefined : parseJsonPath(inner ?? '', true);
      if (path === undefined) return undefined;
      steps.push(filter(path, operator, literal(value)));
    }
  }
  return steps.length === 0 ? undefined : (value) => steps.reduce<readonly unknown[]>((values, step) => step(values), [value]);
};
