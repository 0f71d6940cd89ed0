/** @module Work items for tests. */
import type { KubeObject } from '../../shared/kube/object.ts';
import type { WorkItem } from '../../shared/wire/index.ts';

/** An item that wants this object. */
export const applyItem = (seq: number, object: KubeObject, more: Partial<WorkItem> = {}): WorkItem => ({
  v: 1,
  cluster: 'eu',
  id: `${object.kind}-${object.metadata.namespace ?? ''}-${object.metadata.name}`.replace(/[^A-Za-z0-9_=-]/g, '_'),
  seq,
  op: 'apply',
  ref: {
    apiVersion: object.apiVersion,
    kind: object.kind,
    resource: `${object.kind.toLowerCase()}s`,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
  },
  object,
  adopt: 'Never',
  ...more,
});

/** The same object withdrawn. */
export const withdrawItem = (seq: number, item: WorkItem): WorkItem => {
  const { object: _object, ...rest } = item;
  return { ...rest, seq, op: 'withdraw' };
};

/** A ConfigMap. */
export const configMap = (name: string, data: Record<string, string> = { a: '1' }, namespace = 'shop'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

/** A Deployment of one container. */
export const deployment = (name: string, replicas: number, namespace = 'shop'): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'registry.example/main:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
    },
  },
});
