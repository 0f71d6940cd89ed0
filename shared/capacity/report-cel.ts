/**
 * @module The part of CEL that selectors of DeviceClasses and claims use (resource.k8s.io/v1 CELDeviceSelector): the driver, attributes and
 * capacity of a device, comparisons, `&&`, `||`, `!`, `in`, lists, and a few functions on texts and quantities. Everything else is refused
 * with its name: an expression that is not understood is never taken for true or false.
 */
import { compareQuantity, parseQuantity, type Quantity } from '../kube/quantity/index.ts';

/** What a selector sees of a device: attributes and capacity by qualified name, `gpu.nvidia.com/productName`. */
export type CelDevice = {
  readonly driver: string;
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
  readonly capacity: ReadonlyMap<string, Quantity>;
  readonly allowMultipleAllocations: boolean;
};

/** A compiled selector; undefined = evaluating it fails on this device, so that it is not selected. */
export type CelSelector = (device: CelDevice) => boolean | undefined;

/** The selector, or what is not understood in it. */
export type CelCompiled = { readonly ok: true; readonly selects: CelSelector } | { readonly ok: false; readonly message: string };

/** KEP-4381 allows expressions of 10 KiB. */
const expressionMax = 10_240;
const depthMax = 64;

class NotUnderstood extends Error {
  override name = 'NotUnderstood';
}

type Value = string | number | boolean | Quantity | readonly unknown[] | Scope;
/** A map that is only looked into: `device`, `device.attributes`, one domain of it. */
type Scope = { readonly scope: (name: string) => Value | undefined; readonly has: (name: string) => boolean };
/** An error of evaluation is undefined, as missing attributes are; `||` and `&&` absorb it where the other side decides (CEL spec, Logical Operators). */
type Term = (device: CelDevice) => Value | undefined;

const tokenPattern =
  /\s*(?:(\d+(?:\.\d+)?)u?|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_][A-Za-z0-9_]*)|(&&|\|\||==|!=|<=|>=|[<>!()[\],.+-]))/y;

type Token = { readonly sort: 'number' | 'text' | 'word' | 'sign'; readonly text: string };

const tokensOf = (expression: string): Token[] => {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern.source, 'y');
  const end = expression.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(expression);
    if (match === null) throw new NotUnderstood(`${JSON.stringify(expression.slice(at, at + 16).trim())} at ${at}`);
    const [, number, text, word, sign = ''] = match;
    if (number !== undefined) tokens.push({ sort: 'number', text: number });
    else if (text !== undefined) tokens.push({ sort: 'text', text: text.slice(1, -1).replace(/\\(.)/g, '$1') });
    else tokens.push(word === undefined ? { sort: 'sign', text: sign } : { sort: 'word', text: word });
  }
  return tokens;
};

const isScope = (value: Value | undefined): value is Scope => typeof value === 'object' && value !== null && 'scope' in value;
const isQuantity = (value: Value | undefined): value is Quantity => typeof value === 'object' && value !== null && 'nanos' in value;

/** -1, 0, 1, or undefined when the two cannot be compared. */
const orderOf = (a: Value | undefined, b: Value | undefined): number | undefined => {
  if (isQuantity(a) && isQuantity(b)) return compareQuantity(a, b);
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return undefined;
};

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** Methods of texts and quantities, by name. */
const methods: Readonly<Record<string, (target: Value, argument: Value | undefined) => Value | undefined>> = {
  startsWith: (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.startsWith(b) : undefined),
  endsWith: (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.endsWith(b) : undefined),
  contains: (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.includes(b) : undefined),
  lowerAscii: (a) => (typeof a === 'string' ? a.toLowerCase() : undefined),
  upperAscii: (a) => (typeof a === 'string' ? a.toUpperCase() : undefined),
  compareTo: (a, b) => (isQuantity(a) && isQuantity(b) ? orderOf(a, b) : undefined),
  isGreaterThan: (a, b) => (isQuantity(a) && isQuantity(b) ? (orderOf(a, b) ?? 0) > 0 : undefined),
  isLessThan: (a, b) => (isQuantity(a) && isQuantity(b) ? (orderOf(a, b) ?? 0) < 0 : undefined),
};

const scopeOf = (entries: ReadonlyMap<string, Value>): Scope => ({
  scope: (name) => entries.get(name),
  has: (name) => entries.has(name),
});

/** `attributes["gpu.nvidia.com"].productName`: a domain, then a name. An absent domain is an empty map. */
const byDomain = (entries: ReadonlyMap<string, Value>): Scope => ({
  scope: (domain) =>
    scopeOf(
      new Map(
        [...entries]
          .filter(([name]) => name.startsWith(`${domain}/`))
          .map(([name, value]) => [name.slice(domain.length + 1), value] as const),
      ),
    ),
  has: (domain) => [...entries.keys()].some((name) => name.startsWith(`${domain}/`)),
});

const deviceScope = (device: CelDevice): Scope =>
  scopeOf(
    new Map<string, Value>([
      ['driver', device.driver],
      ['attributes', byDomain(device.attributes)],
      ['capacity', byDomain(device.capacity)],
      ['allowMultipleAllocations', device.allowMultipleAllocations],
    ]),
  );

const createParser = (tokens: readonly Token[]) => {
  let at = 0;
  let depth = 0;
  const peek = (): string => {
    const token = tokens[at];
    return token === undefined || token.sort === 'text' ? '' : token.text;
  };
  const take = (sign: string): boolean => {
    if (peek() !== sign) return false;
    at += 1;
    return true;
  };
  const expect = (sign: string): void => {
    if (!take(sign)) throw new NotUnderstood(`${JSON.stringify(tokens[at]?.text ?? 'the end')} where ${sign} is wanted`);
  };
  const word = (): string => {
    const token = tokens[at++];
    if (token?.sort !== 'word') throw new NotUnderstood(`${JSON.stringify(token?.text ?? 'the end')} where a name is wanted`);
    return token.text;
  };

  const either = (): Term => {
    let left = both();
    while (take('||')) left = orTerm(left, both());
    return left;
  };
  const both = (): Term => {
    let left = relation();
    while (take('&&')) left = andTerm(left, relation());
    return left;
  };
  const relation = (): Term => {
    const left = unary();
    const sign = peek();
    const holds = Object.hasOwn(comparisons, sign) && tokens[at]?.sort === 'sign' ? comparisons[sign] : undefined;
    if (holds !== undefined) {
      at += 1;
      const right = unary();
      return (device) => {
        const order = orderOf(left(device), right(device));
        return order === undefined ? undefined : holds(order);
      };
    }
    if (!take('in')) return left;
    const right = unary();
    return (device) => memberOf(left(device), right(device));
  };
  const unary = (): Term => {
    depth += 1;
    if (depth > depthMax) throw new NotUnderstood(`more than ${depthMax} nested terms`);
    const term = signed();
    depth -= 1;
    return term;
  };
  const signed = (): Term => {
    if (take('!')) {
      const term = unary();
      return (device) => {
        const value = term(device);
        return typeof value === 'boolean' ? !value : undefined;
      };
    }
    if (take('-')) {
      const term = unary();
      return (device) => {
        const value = term(device);
        return typeof value === 'number' ? -value : undefined;
      };
    }
    return chain(primary());
  };
  const chain = (start: Term): Term => {
    let term = start;
    for (;;) {
      if (take('.')) term = member(term, word());
      else if (take('[')) {
        const key = either();
        expect(']');
        term = lookUp(term, key);
      } else return term;
    }
  };
  const member = (target: Term, name: string): Term => {
    if (!take('(')) return lookUp(target, () => name);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) throw new NotUnderstood(`the function ${name}`);
    const argument = peek() === ')' ? undefined : either();
    expect(')');
    return (device) => {
      const value = target(device);
      return value === undefined ? undefined : method(value, argument?.(device));
    };
  };
  const primary = (): Term => {
    const token = tokens[at++];
    if (token === undefined) throw new NotUnderstood('an end where a value is wanted');
    if (token.sort === 'number') return () => Number(token.text);
    if (token.sort === 'text') return () => token.text;
    if (token.text === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (token.text === '[') return listTerm();
    if (token.sort === 'word') return named(token.text);
    throw new NotUnderstood(JSON.stringify(token.text));
  };
  const listTerm = (): Term => {
    const items: Term[] = [];
    while (!take(']')) {
      items.push(either());
      if (peek() !== ']') expect(',');
    }
    return (device) => items.map((item) => item(device));
  };
  const named = (name: string): Term => {
    if (name === 'true' || name === 'false') return () => name === 'true';
    if (name === 'device') return deviceScope;
    if (name === 'quantity') {
      expect('(');
      const text = either();
      expect(')');
      return (device) => {
        const value = text(device);
        const quantity = typeof value === 'string' ? parseQuantity(value) : undefined;
        return quantity?.ok === true ? quantity.value : undefined;
      };
    }
    if (name === 'has') return hasTerm();
    throw new NotUnderstood(`the name ${name}`);
  };
  /** `has(device.attributes["d"].name)`: whether the last step finds something. */
  const hasTerm = (): Term => {
    expect('(');
    const inner = either();
    expect(')');
    return (device) => inner(device) !== undefined;
  };
  return {
    whole: (): Term => {
      const term = either();
      if (at < tokens.length) throw new NotUnderstood(JSON.stringify(tokens[at]?.text));
      return term;
    },
  };
};

const asBool = (value: Value | undefined): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

const orTerm =
  (left: Term, right: Term): Term =>
  (device) => {
    const a = asBool(left(device));
    if (a === true) return true;
    const b = asBool(right(device));
    return b === true ? true : a === false && b === false ? false : undefined;
  };

const andTerm =
  (left: Term, right: Term): Term =>
  (device) => {
    const a = asBool(left(device));
    if (a === false) return false;
    const b = asBool(right(device));
    return b === false ? false : a === true && b === true ? true : undefined;
  };

const lookUp =
  (target: Term, key: Term): Term =>
  (device) => {
    const map = target(device);
    const name = key(device);
    return isScope(map) && typeof name === 'string' ? map.scope(name) : undefined;
  };

const memberOf = (item: Value | undefined, of: Value | undefined): boolean | undefined => {
  if (isScope(of)) return typeof item === 'string' ? of.has(item) : undefined;
  return Array.isArray(of) && item !== undefined ? of.some((entry) => orderOf(item, entry as Value) === 0) : undefined;
};

/**
 * Compiles a selector.
 *
 * @example
 * compileCel('device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "gpu"')
 */
export const compileCel = (expression: string): CelCompiled => {
  if (expression.length > expressionMax) return { ok: false, message: `an expression of more than ${expressionMax} characters` };
  try {
    const term = createParser(tokensOf(expression)).whole();
    return { ok: true, selects: (device) => asBool(term(device)) };
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, message: error.message };
    throw error;
  }
};
