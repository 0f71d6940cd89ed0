/** @module Doubts of many nodes in few lines: those of one wording are told together. */
import { listed } from '../lib/listed.ts';

/** Nodes that are named in a line; of the rest the number is told. */
const namesMax = 5;
/** Lines; of what is left the number is told. */
const linesMax = 64;

/** A doubt about one node begins with what it is about: `Node n1: …`, `NodeResourceTopology n1: …`. */
const ofNode = /^(Node|NodeResourceTopology|ResourceSlices of Node) ([^\s:]+): (.*)$/s;

/** The doubts with those about different nodes joined that say the same, in the order in which they first come. */
export const doubtLines = (doubts: Iterable<string>): readonly string[] => {
  const nodes = new Map<string, { readonly kind: string; readonly names: string[]; readonly text: string }>();
  for (const doubt of doubts) {
    const [, kind = '', name, text = doubt] = ofNode.exec(doubt) ?? [];
    const key = `${kind} ${text}`;
    const known = nodes.get(key) ?? { kind, names: [], text };
    nodes.set(key, known);
    if (name !== undefined) known.names.push(name);
  }
  const lines = [...nodes.values()].map(({ kind, names, text }) =>
    names.length === 0 ? text : `${kind} ${listed(names, namesMax)}: ${text}`,
  );
  return lines.length <= linesMax ? lines : [...lines.slice(0, linesMax), `${lines.length - linesMax} doubts more`];
};
