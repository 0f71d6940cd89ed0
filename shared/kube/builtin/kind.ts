/** @module What is written by hand of a built-in kind; the rest comes from the recorded discovery. */
import type { NameRule } from '../names/index.ts';
import type { ResourceType, ScalePaths, Strategy } from '../resource.ts';

/** The hand-written part of a kind. */
export type KindParts = {
  /** Absent = RFC 1123 subdomain. */
  readonly name?: NameRule;
  /** metadata.generation counts changes of the spec. */
  readonly tracksGeneration?: true;
  readonly scale?: ScalePaths;
  readonly strategy?: Strategy;
  readonly selectableFields?: ResourceType['selectableFields'];
  readonly deprecation?: string;
  readonly conversion?: ResourceType['conversion'];
};
