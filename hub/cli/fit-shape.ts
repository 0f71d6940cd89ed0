/** @module Which of the documents of `hanse fit` is the shape that is counted, and which are the dump that it is counted on. */
import { bagOf, isBag, textOf } from '../../shared/lib/fields.ts';
import { listed } from '../../shared/lib/listed.ts';
import { UsageError } from './context.ts';
import type { InputFile } from './fit-input.ts';

/** True for a Pod that is bound to no node yet, or an object with a pod template. */
const isShape = (document: unknown): boolean => {
  if (!isBag(document) || Array.isArray(document.items)) return false;
  const spec = bagOf(document.spec);
  if (document.kind === 'Pod') return textOf(spec.nodeName) === '' || bagOf(document.status).phase === undefined;
  return isBag(spec.template) || isBag(bagOf(bagOf(spec.jobTemplate).spec).template) || isBag(document.template);
};

/** Objects of a document: of a list those that are in it, of lists in it too. */
const itemsOf = (document: unknown): unknown[] => {
  if (Array.isArray(document)) return document.flatMap(itemsOf);
  const { items } = bagOf(document);
  return Array.isArray(items) ? items.flatMap(itemsOf) : [document];
};

/** True for a list that shows a cluster: what makes pods there has made them. */
const isDump = (items: readonly unknown[]): boolean =>
  items.some((item) => {
    const { kind, spec } = bagOf(item);
    return kind === 'Node' || (kind === 'Pod' && textOf(bagOf(spec).nodeName) !== '');
  });

const nameOf = (shape: unknown): string => {
  const { kind, metadata } = bagOf(shape);
  return `${textOf(kind) || 'an object without kind'} ${textOf(bagOf(metadata).name)}`.trim();
};

/** Names of shapes that an error tells; the rest is counted. */
const namedMax = 5;

const namesOf = (shapes: readonly unknown[]): string => listed(shapes.map(nameOf), namedMax);

const mend = 'give the one that is to be counted';

/** The only shape among the items of a list; undefined where there is none. @throws UsageError where there are several */
const onlyShape = (items: readonly unknown[], where: string): unknown => {
  const shapes = items.filter(isShape);
  if (shapes.length < 2) return shapes[0];
  throw new UsageError(`${where}: a list of several things with a pod template (${namesOf(shapes)}): ${mend}`);
};

/** The shape that is given as an object, or as a list with one thing with a pod template in it. @throws UsageError where it has several */
export const shapeIn = (given: unknown, where: string): unknown => onlyShape(itemsOf(given), where) ?? given;

/** A document, the file it is in, and whether that file shows a cluster. */
type Placed = { readonly path: string; readonly document: unknown; readonly isDumped: boolean };

/**
 * The document that is a shape by itself; undefined where there is none. What stands among the objects of a cluster is part of the dump where
 * another file has a shape. @throws UsageError where there are several
 */
const aloneAt = (documents: readonly Placed[]): number | undefined => {
  const all = documents.flatMap(({ document }, at) => (isShape(document) ? [at] : []));
  const given = all.filter((at) => documents[at]?.isDumped === false);
  const shapes = given.length > 0 ? given : all;
  if (shapes.length < 2) return shapes[0];
  const paths = [...new Set(shapes.map((at) => documents[at]?.path))];
  throw new UsageError(
    `${paths.join(', ')}: several things with a pod template (${namesOf(shapes.map((at) => documents[at]?.document))}): ${mend}`,
  );
};

/**
 * The shape is the one document that is a Pod or has a pod template, or else the only thing with one in a list that shows no cluster; everything
 * else is the dump. @throws UsageError when there is none, or one of several is meant
 */
export const splitShape = (files: readonly InputFile[]): { readonly objects: readonly unknown[]; readonly shape: unknown } => {
  const documents = files.flatMap(({ path, documents: own }): Placed[] => {
    const isDumped = isDump(own.flatMap(itemsOf));
    return own.map((document) => ({ path, document, isDumped }));
  });
  const rest = (index: number): unknown[] => documents.flatMap((one, at) => (at === index ? [] : [one.document]));
  const alone = aloneAt(documents);
  if (alone !== undefined) return { objects: rest(alone), shape: documents[alone]?.document };
  for (const [index, { path, document }] of [...documents.entries()].reverse()) {
    const items = itemsOf(document);
    const shape = isDump(items) ? undefined : onlyShape(items, path);
    if (shape !== undefined) return { objects: [...rest(index), items.filter((item) => item !== shape)], shape };
  }
  throw new UsageError('no shape: add -f with a Pod, or an object with a pod template such as a Deployment');
};
