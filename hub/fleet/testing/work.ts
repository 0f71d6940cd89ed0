/** @module Work for tests of the bus. */
import type { WorkItem } from '../../../shared/wire/messages.ts';

/** A ConfigMap as work. */
export const configWork = (cluster: string, id: string, seq: number): WorkItem => ({
  v: 1,
  cluster,
  id,
  seq,
  op: 'apply',
  ref: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: id },
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id, namespace: 'shop' }, data: { seq: String(seq) } },
  adopt: 'Never',
});
