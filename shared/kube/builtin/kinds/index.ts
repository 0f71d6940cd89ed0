/** @module The hand-written parts of all kinds, by group and resource. */
import type { KindParts } from '../kind.ts';

const partsByResource: Readonly<Record<string, KindParts>> = {};

/** The parts of a kind: those of this version when it has its own, else those of the resource, else none. */
export const kindParts = (group: string, version: string, resource: string): KindParts =>
  partsByResource[`${group}/${version}/${resource}`] ?? partsByResource[`${group}/${resource}`] ?? {};
