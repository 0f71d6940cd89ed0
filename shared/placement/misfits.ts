/** @module Clusters for which an object cannot be made, because an override of its policy does not fit it. Pure. */
import type { OverrideRule } from '../api/index.ts';
import type { KubeObject } from '../kube/object.ts';
import type { CompiledPolicy, ForClusters } from './compiled-policy.ts';
import { overrideObject, readByRules } from './override.ts';

/** Why an object cannot be made for a cluster with these labels; undefined where it can. */
export type Misfits = (clusterLabels: Readonly<Record<string, string>>) => string | undefined;

/** What an object is made from, and judged by. */
export type Making = {
  /** The object that the overrides change. */
  readonly read: () => KubeObject;
  /** As {@link overrideObject} has it. */
  readonly decided: readonly string[];
  /** What is wrong with an object by itself, as `field: message`. */
  readonly faultsOf: (object: KubeObject) => readonly string[];
};

type Rules = readonly ForClusters<OverrideRule>[];

/**
 * Tells for which clusters an object cannot be made, or what is made of it is no object of its kind; undefined where the policy patches nothing, as
 * nothing but a patch can fail. What was wrong before the overrides is not theirs.
 */
export const misfitsOf = ({ overrides }: Pick<CompiledPolicy, 'overrides'>, making: Making): Misfits | undefined => {
  if (!overrides.some(({ patch }) => patch !== undefined)) return undefined;
  const { read, decided, faultsOf } = making;
  return readByRules(overrides, (clusterLabels) => {
    const made = overrideObject(read(), overrides, clusterLabels, decided);
    if (!made.ok) return made.message;
    if (made.object === read()) return undefined;
    const found = faultsOf(made.object);
    const before = new Set(found.length === 0 ? [] : faultsOf(read()).map(fieldOf));
    const fault = found.find((text) => !before.has(fieldOf(text)));
    const { kind, metadata } = read();
    return fault === undefined ? undefined : `${culprit(overrides, clusterLabels, making, fault)}: ${fault} (${kind} ${metadata.name})`;
  });
};

const fieldOf = (fault: string): string => fault.split(': ', 1)[0] ?? '';

/** The first override, and the first operation of its patch, that brings the fault. */
const culprit = (
  rules: Rules,
  clusterLabels: Readonly<Record<string, string>>,
  { read, decided, faultsOf }: Making,
  fault: string,
): string => {
  const isFaulty = (some: Rules): boolean => {
    const made = overrideObject(read(), some, clusterLabels, decided);
    return made.ok && faultsOf(made.object).includes(fault);
  };
  const at = rules.findIndex((_, index) => isFaulty(rules.slice(0, index + 1)));
  const rule = rules[at];
  const patch = rule?.patch ?? [];
  const step = patch.findIndex(
    (_, index) => rule !== undefined && isFaulty([...rules.slice(0, at), { ...rule, patch: patch.slice(0, index + 1) }]),
  );
  const operation = patch[step];
  const where = operation === undefined ? '' : `patch[${step}] (${operation.op} ${operation.path}) `;
  return `overrides[${at}] cannot be applied: ${where}makes the object invalid`;
};
