/** @module A member cluster in a few lines, for the pure core: objects, uids, generations and field owners, performing the core's effects at once. */
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/index.ts';
import type { ApiFailure } from '../cluster/index.ts';
import { liveOf } from '../work/live.ts';
import { FIELD_MANAGER } from '../work/marks.ts';
import type { Look, WorkEffect, WorkInput } from '../work/messages.ts';
import { targetOf } from '../work/state.ts';

/** The cluster; `objects` by target, `managers` of the whole object by target. */
export type ModelMember = {
  readonly objects: Map<string, KubeObject>;
  readonly managers: Map<string, string>;
  readonly records: Map<string, WorkItem>;
  /** What was kept beside them of Jobs that were over, by work id. */
  readonly ends: Map<string, StatusItem>;
  /** Writes that reached an object, in order: `apply shop/a seq 3`. */
  readonly writes: string[];
  /** Performs an effect that asks for an answer. */
  readonly perform: (effect: Extract<WorkEffect, { readonly op: number }>) => WorkInput;
  /** Somebody else writes. */
  readonly meddle: (target: string, change: (object: KubeObject) => void, manager?: string) => void;
  readonly put: (target: string, object: KubeObject, manager?: string) => void;
};

/** A refusal as the API server gives it. */
export const refusal = (status: number, reason: string, message = reason, more: Partial<ApiFailure> = {}): ApiFailure => ({
  status,
  reason,
  message,
  unreachable: status === 0,
  causes: [],
  ...more,
});

/** An empty cluster with these namespaces. */
export const modelMember = (namespaces: readonly string[] = ['shop']): ModelMember => {
  const objects = new Map<string, KubeObject>();
  const managers = new Map<string, string>();
  const records = new Map<string, WorkItem>();
  const ends = new Map<string, StatusItem>();
  const spaces = new Set(namespaces);
  const writes: string[] = [];
  let uids = 0;
  let version = 100;
  const targetFor = (address: { group: string; resource: string; namespace?: string; name: string }): string =>
    targetOf({
      apiVersion: address.group === '' ? 'v1' : `${address.group}/v1`,
      resource: address.resource,
      namespace: address.namespace ?? '',
      name: address.name,
    });
  const stored = (target: string, object: KubeObject, generation: number): KubeObject => {
    version += 1;
    const uid = objects.get(target)?.metadata.uid ?? `uid-${++uids}`;
    const next = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(version), generation } };
    objects.set(target, next);
    return next;
  };
  const contentOf = ({ metadata: _metadata, status: _status, ...content }: KubeObject): string => JSON.stringify(content);
  const apply = (effect: Extract<WorkEffect, { do: 'apply' }>): WorkInput => {
    const { id, op, address, object } = effect;
    const target = targetFor(address);
    const old = objects.get(target);
    const failed = (failure: ApiFailure): WorkInput => ({ on: 'Applied', id, op, failure });
    if (address.namespace !== undefined && !spaces.has(address.namespace))
      return failed(refusal(404, 'NotFound', 'no namespace', { kind: 'namespaces' }));
    if (object.metadata.uid !== undefined && object.metadata.uid !== old?.metadata.uid)
      return failed(refusal(409, 'Conflict', 'uid mismatch'));
    const differs = old !== undefined && contentOf(old) !== contentOf(object);
    const manager = managers.get(target) ?? FIELD_MANAGER;
    if (differs && manager !== FIELD_MANAGER && !effect.force) {
      return failed(
        refusal(409, 'Conflict', 'conflict', {
          causes: [{ reason: 'FieldManagerConflict', field: '.data', message: `conflict with "${manager}" using v1` }],
        }),
      );
    }
    const same = old !== undefined && !differs && JSON.stringify(old.metadata.annotations) === JSON.stringify(object.metadata.annotations);
    writes.push(`apply ${address.name} seq ${object.metadata.annotations?.['hanse.dev/work-seq'] ?? ''}`);
    managers.set(target, FIELD_MANAGER);
    const next = same ? old : stored(target, object, (old?.metadata.generation ?? 0) + (differs || old === undefined ? 1 : 0));
    return { on: 'Applied', id, op, live: liveOf(next) };
  };
  const lookAt = (address: ObjectAddress): Look => {
    const found = objects.get(targetFor(address));
    return found === undefined ? {} : { found: liveOf(found) };
  };
  const perform: ModelMember['perform'] = (effect) => {
    const { id, op } = effect;
    switch (effect.do) {
      case 'record':
        records.set(id, effect.item);
        if (effect.end === undefined) ends.delete(id);
        else ends.set(id, effect.end);
        return { on: 'Recorded', id, op, ...(effect.look === undefined ? {} : { look: lookAt(effect.look) }) };
      case 'read':
        return { on: 'Read', id, op, ...lookAt(effect.address) };
      case 'apply':
        return apply(effect);
      case 'createNamespace':
        spaces.add(effect.namespace);
        return { on: 'NamespaceReady', id, op };
      case 'release': {
        const target = targetFor(effect.address);
        const old = objects.get(target);
        if (old?.metadata.uid !== effect.uid) return { on: 'Released', id, op, failure: refusal(409, 'Conflict') };
        const { labels: _labels, annotations: _annotations, ...metadata } = old.metadata;
        managers.delete(target);
        stored(target, { ...old, metadata }, old.metadata.generation ?? 0);
        writes.push(`release ${effect.address.name}`);
        return { on: 'Released', id, op };
      }
      case 'delete': {
        const target = targetFor(effect.address);
        if (objects.get(target)?.metadata.uid !== effect.uid) return { on: 'Deleted', id, op, failure: refusal(409, 'Conflict') };
        objects.delete(target);
        managers.delete(target);
        writes.push(`delete ${effect.address.name}`);
        return { on: 'Deleted', id, op };
      }
    }
  };
  return {
    objects,
    managers,
    records,
    ends,
    writes,
    perform,
    put: (target, object, manager = 'kubectl') => {
      managers.set(target, manager);
      stored(target, object, 1);
    },
    meddle: (target, change, manager = 'kubectl-edit') => {
      const copy = structuredClone(objects.get(target));
      if (copy === undefined) return;
      change(copy);
      managers.set(target, manager);
      stored(target, copy, (copy.metadata.generation ?? 0) + 1);
    },
  };
};
