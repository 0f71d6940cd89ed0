/** @module What a policy changes in an object for some clusters: images, environment, labels, annotations, then a JSON patch. Pure. */
import type { ImageOverride, OverrideRule } from '../api/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { applyJsonPatch } from '../kube/patch/index.ts';
import { matchesLabels } from '../kube/selectors/index.ts';
import type { ForClusters } from './compiled-policy.ts';
import { valueAt } from './workload-fields.ts';

/** The changed object, or why a rule does not fit it. */
export type OverriddenObject = { readonly ok: true; readonly object: KubeObject } | { readonly ok: false; readonly message: string };

type Bag = { readonly [field: string]: unknown };
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Image references: registry (a first part with a dot, a colon, or `localhost`), repository, tag or digest (distribution/reference). */
const splitImage = (image: string): { readonly registry: string; readonly repository: string; readonly suffix: string } => {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const registry = first.includes('.') || first.includes(':') || first === 'localhost' ? first : '';
  const rest = registry === '' ? image : image.slice(slash + 1);
  const digest = rest.indexOf('@');
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const end = digest >= 0 && (colon < 0 || digest < colon) ? digest : colon >= 0 ? colon : rest.length;
  return { registry, repository: rest.slice(0, end), suffix: rest.slice(end) };
};

/** The image with parts replaced; an image without a registry gets the new one before it. */
export const overrideImage = (image: string, change: ImageOverride): string => {
  const parts = splitImage(image);
  const registry = change.registry ?? parts.registry;
  const suffix = change.tag === undefined ? parts.suffix : `:${change.tag}`;
  return `${registry === '' ? '' : `${registry}/`}${change.repository ?? parts.repository}${suffix}`;
};

/** The order of the others stays: `$(NAME)` means what stands before it. New ones come last. */
const withEnv = (container: Bag, env: NonNullable<OverrideRule['env']>): Bag => {
  const left = new Map(env.map((entry) => [entry.name, entry]));
  const names = new Set(left.keys());
  const inPlace = (Array.isArray(container.env) ? container.env.filter(isBag) : []).flatMap((given) => {
    const name = String(given.name);
    if (!names.has(name)) return [given];
    const entry = left.get(name);
    left.delete(name);
    // A name that is there twice is told once.
    return entry === undefined ? [] : [entry];
  });
  return { ...container, env: [...inPlace, ...left.values()] };
};

const inContainer = (container: unknown, rule: OverrideRule): unknown => {
  if (!isBag(container)) return container;
  const imaged =
    rule.image === undefined || typeof container.image !== 'string'
      ? container
      : { ...container, image: overrideImage(container.image, rule.image) };
  return rule.env === undefined ? imaged : withEnv(imaged, rule.env);
};

const inPodSpec = (spec: Bag, rule: OverrideRule): Bag => {
  const changed: { [field: string]: unknown } = { ...spec };
  for (const field of ['initContainers', 'containers']) {
    const containers = spec[field];
    if (Array.isArray(containers)) changed[field] = containers.map((container: unknown) => inContainer(container, rule));
  }
  return changed;
};

/** Changes the pod spec wherever the object has one: of a Pod, in `spec.template`, in `spec.jobTemplate`. */
const inPods = (value: Bag, rule: OverrideRule): Bag => {
  if (Array.isArray(value.containers)) return inPodSpec(value, rule);
  const changed: { [field: string]: unknown } = { ...value };
  for (const field of ['spec', 'template', 'jobTemplate']) {
    const inner = value[field];
    if (isBag(inner)) changed[field] = inPods(inner, rule);
  }
  return changed;
};

const applyRule = (object: KubeObject, rule: OverrideRule): OverriddenObject => {
  const { labels, annotations } = rule;
  const inside = rule.image === undefined && rule.env === undefined ? object : (inPods(object, rule) as KubeObject);
  const changed: KubeObject = {
    ...inside,
    metadata: {
      ...inside.metadata,
      ...(labels === undefined ? {} : { labels: { ...inside.metadata.labels, ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...inside.metadata.annotations, ...annotations } }),
    },
  };
  if (rule.patch === undefined) return { ok: true, object: changed };
  // `add` to labels or annotations is meant to work on an object that has none yet.
  const metadata = { ...changed.metadata, labels: changed.metadata.labels ?? {}, annotations: changed.metadata.annotations ?? {} };
  const patched = applyJsonPatch({ ...changed, metadata }, rule.patch);
  if (patched.ok) return { ok: true, object: patched.value as KubeObject };
  return { ok: false, message: `${misfit({ ...changed, metadata }, rule.patch)} does not fit` };
};

/** The first operation of a patch that does not fit. */
const misfit = (object: KubeObject, patch: NonNullable<OverrideRule['patch']>): string => {
  const at = patch.findIndex((_, index) => !applyJsonPatch(object, patch.slice(0, index + 1)).ok);
  const { op, path, from } = patch[at] ?? { op: 'patch', path: '' };
  return `patch[${at}] (${op} ${path}${from === undefined ? '' : ` from ${from}`})`;
};

/** Reads by the labels of a cluster, once for all clusters that the same rules select. */
export const readByRules = <T>(
  rules: readonly ForClusters<OverrideRule>[],
  read: (clusterLabels: Readonly<Record<string, string>>) => T,
): ((clusterLabels: Readonly<Record<string, string>>) => T) => {
  const known = new Map<string, { readonly value: T }>();
  return (clusterLabels) => {
    const key = rules.map(({ clusters }) => (matchesLabels(clusters, clusterLabels) ? '1' : '0')).join('');
    const kept = known.get(key) ?? { value: read(clusterLabels) };
    known.set(key, kept);
    return kept.value;
  };
};

/**
 * The object for a cluster with these labels: every rule that selects it, in order. `decided`: dotted paths of fields that the placement
 * decides; rules that change one of them do not fit.
 */
export const overrideObject = (
  object: KubeObject,
  rules: readonly ForClusters<OverrideRule>[],
  clusterLabels: Readonly<Record<string, string>>,
  decided: readonly string[] = [],
): OverriddenObject => {
  let current = object;
  for (const [at, rule] of rules.entries()) {
    if (!matchesLabels(rule.clusters, clusterLabels)) continue;
    const where = (message: string): string => `overrides[${at}] cannot be applied: ${message} (${object.kind} ${object.metadata.name})`;
    const result = applyRule(current, rule);
    if (!result.ok) return { ok: false, message: where(result.message) };
    current = result.object;
    const taken = decided.find((path) => JSON.stringify(valueAt(current, path)) !== JSON.stringify(valueAt(object, path)));
    if (taken !== undefined)
      return {
        ok: false,
        message: where(`the patch changes ${taken}, which the placement decides; patch the fields beside it one by one`),
      };
  }
  return { ok: true, object: current };
};
