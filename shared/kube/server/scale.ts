/** @module The scale subresource: replicas of any kind as autoscaling/v1 Scale. */

import { timeText } from '../../lib/time-text.ts';
import {
  applyConfiguration,
  parentManagedFields,
  type ReplicasPaths,
  replicasPath,
  scaleManagedFields,
  type TrackContext,
  trackUpdate,
} from '../apply/index.ts';
import { apiVersionOf, type KubeObject } from '../object.ts';
import type { ResourceType, ScalePaths } from '../resource.ts';
import { isObject, own } from '../schema/index.ts';
import { labelSelectorText, selectorFromObject } from '../selectors/index.ts';
import type { ServerContext } from './context.ts';
import { invalid, noSuchResource } from './errors.ts';
import { asConfigured } from './machinery.ts';

/** What a Scale is, for tables, schemas and refusals. */
export const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale', schemaName: 'io.k8s.api.autoscaling.v1.Scale' } as const;

/** The value at a dotted path; undefined when a part is missing. */
export const valueAt = (object: unknown, path: string): unknown => {
  let value = object;
  for (const part of path.replace(/^\./, '').split('.')) {
    if (!isObject(value)) return undefined;
    value = own(value, part);
  }
  return value;
};

/** A copy with a value at a dotted path. */
export const withValueAt = <T extends object>(object: T, path: string, value: unknown): T => {
  const [first = '', ...rest] = path.replace(/^\./, '').split('.');
  const inner = (object as Record<string, unknown>)[first];
  const next = rest.length === 0 ? value : withValueAt(isObject(inner) ? inner : {}, rest.join('.'), value);
  return { ...object, [first]: next };
};

/** The Scale of an object; throws 404 when the kind has none. */
export const scaleOf = (server: ServerContext, type: ResourceType, object: KubeObject): KubeObject => {
  const paths = pathsOf(type);
  const { name, namespace, uid, resourceVersion, creationTimestamp, managedFields } = object.metadata;
  const entries = scaleManagedFields(managedFields, replicasPaths(server, type));
  const selector = paths.selector === undefined ? '' : selectorText(valueAt(object, paths.selector));
  const all = { name, namespace, uid, resourceVersion, creationTimestamp, managedFields: entries };
  const metadata = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const replicas = numberAt(object, paths.specReplicas);
  return {
    apiVersion: apiVersionOf(SCALE.group, SCALE.version),
    kind: SCALE.kind,
    metadata: { ...metadata, name },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, paths.statusReplicas), ...(selector === '' ? {} : { selector }) },
  };
};

/** The object with the replicas that a plain write gave its Scale, and who owns them now. Throws 422 on replicas that cannot be. */
export const withScale = (server: ServerContext, type: ResourceType, old: KubeObject, scale: KubeObject, manager: string): KubeObject => {
  const before = scaleOf(server, type, old);
  const replicas = numberAt(scale, 'spec.replicas');
  // None is not written, so nobody comes to own it.
  const next = { ...before, spec: replicas === 0 ? {} : { replicas } };
  return scaledParent(server, type, old, trackUpdate({ ...scaleContext(server), live: before, next, manager }));
};

/** As {@link withScale}, by server-side apply of a Scale. Throws 409 on conflicts. */
export const withAppliedScale = (
  server: ServerContext,
  type: ResourceType,
  old: KubeObject,
  applied: KubeObject,
  by: { readonly manager: string; readonly force: boolean },
): KubeObject => {
  const result = applyConfiguration({ ...scaleContext(server), live: scaleOf(server, type, old), applied, ...by });
  if (!result.ok) throw result.error;
  return scaledParent(server, type, old, asConfigured(server, SCALE.schemaName, applied, result.object));
};

const scaleContext = (server: ServerContext): TrackContext => ({
  node: server.schemas().node(SCALE.schemaName),
  apiVersion: apiVersionOf(SCALE.group, SCALE.version),
  subresource: 'scale',
  reset: 'status',
  now: timeText(server.env.nowMs()),
});

/** The object with a Scale's replicas and their owners. */
const scaledParent = (server: ServerContext, type: ResourceType, old: KubeObject, scale: KubeObject): KubeObject => {
  const paths = pathsOf(type);
  const replicas = numberAt(scale, 'spec.replicas');
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    throw invalid({ kind: SCALE.kind, group: SCALE.group }, old.metadata.name, [
      { reason: 'FieldValueInvalid', message, field: 'spec.replicas' },
    ]);
  }
  const apiVersion = apiVersionOf(type.group, type.version);
  const entries = parentManagedFields(old.metadata.managedFields, scale.metadata.managedFields, apiVersion, replicasPaths(server, type));
  const scaled = withValueAt(old, paths.specReplicas, replicas);
  const { managedFields: _, ...metadata } = scaled.metadata;
  return { ...scaled, metadata: entries === undefined ? metadata : { ...metadata, managedFields: entries } };
};

const pathsOf = (type: ResourceType): ScalePaths => {
  if (type.scale === undefined) throw noSuchResource();
  return type.scale;
};

const replicasPaths = (server: ServerContext, type: ResourceType): ReplicasPaths =>
  new Map(
    server.registry
      .all()
      .filter((other) => other.group === type.group && other.resource === type.resource)
      .map((other) => [
        apiVersionOf(other.group, other.version),
        other.scale === undefined ? undefined : replicasPath(other.scale.specReplicas),
      ]),
  );

const numberAt = (object: KubeObject, path: string): number => {
  const value = valueAt(object, path);
  return typeof value === 'number' ? value : 0;
};

/** A LabelSelector, a plain map or a text, as a text. */
const selectorText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return '';
  const isSelector = 'matchLabels' in value || 'matchExpressions' in value;
  const parsed = selectorFromObject((isSelector ? value : { matchLabels: value }) as Parameters<typeof selectorFromObject>[0]);
  return parsed.ok ? labelSelectorText(parsed.value) : '';
};
