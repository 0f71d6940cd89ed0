/** @module Why a text is no JSON, in the words of Go's decoder (`encoding/json`, scanner.go). */

const endText = 'unexpected end of JSON input';

/** Ends the scan; caught where it starts. */
class Fault extends Error {
  override name = 'Fault';
}

const charText = (char: string): string => {
  if (char === "'") return String.raw`'\''`;
  return char === '"' ? `'"'` : `'${JSON.stringify(char).slice(1, -1)}'`;
};

class Scan {
  #at = 0;
  #depth = 0;
  readonly #text: string;
  readonly #depthMax: number;

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
  }

  document(): void {
    this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#wrong('after top-level value');
  }

  #wrong(where: string): Fault {
    const char = this.#text[this.#at];
    return new Fault(char === undefined ? endText : `invalid character ${charText(char)} ${where}`);
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #next(): string {
    this.#space();
    return this.#text[this.#at] ?? '';
  }

  #value(): void {
    const char = this.#next();
    if (char === '{') this.#nested(() => this.#object());
    else if (char === '[') this.#nested(() => this.#array());
    else if (char === '"') this.#string();
    else if (/[-0-9]/.test(char)) this.#number();
    else if (char === 't') this.#literal('true');
    else if (char === 'f') this.#literal('false');
    else if (char === 'n') this.#literal('null');
    else throw this.#wrong('looking for beginning of value');
  }

  #nested(read: () => void): void {
    if (++this.#depth > this.#depthMax) throw new Fault(`exceeded max depth of ${this.#depthMax}`);
    read();
    this.#depth--;
  }

  #object(): void {
    this.#at++;
    if (this.#next() === '}') {
      this.#at++;
      return;
    }
    for (;;) {
      if (this.#next() !== '"') throw this.#wrong('looking for beginning of object key string');
      this.#string();
      if (this.#next() !== ':') throw this.#wrong('after object key');
      this.#at++;
      this.#value();
      if (this.#closes('}', 'after object key:value pair')) return;
    }
  }

  #array(): void {
    this.#at++;
    if (this.#next() === ']') {
      this.#at++;
      return;
    }
    do this.#value();
    while (!this.#closes(']', 'after array element'));
  }

  #closes(end: string, where: string): boolean {
    const char = this.#next();
    if (char !== end && char !== ',') throw this.#wrong(where);
    this.#at++;
    return char === end;
  }

  #string(): void {
    for (this.#at++; ; this.#at++) {
      const char = this.#text[this.#at];
      if (char === undefined || char < ' ') throw this.#wrong('in string literal');
      if (char === '\\') {
        this.#at++;
        if (!/["\\/bfnrtu]/.test(this.#text[this.#at] ?? '')) throw this.#wrong('in string escape code');
      } else if (char === '"') {
        this.#at++;
        return;
      }
    }
  }

  #number(): void {
    const found = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(this.#text.slice(this.#at));
    this.#at += found === null ? 1 : found[0].length;
    if (found === null) throw this.#wrong('in numeric literal');
  }

  #literal(word: string): void {
    for (const [index, char] of [...word].entries()) {
      if (this.#text[this.#at] !== char) throw this.#wrong(`in literal ${word} (expecting '${word[index]}')`);
      this.#at++;
    }
  }
}

/** What Go's decoder says of a text that is no JSON, or is nested deeper than `depthMax`; undefined when the scan finds nothing wrong. */
export const jsonFault = (text: string, depthMax: number): string | undefined => {
  try {
    new Scan(text, depthMax).document();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
};
