/** @module In which order objects are applied: what others stand on comes first. */
import type { WorkItem } from '../../shared/wire/index.ts';

/** Number of ranks. */
export const RANKS = 8;

const ranks: Readonly<Record<string, number>> = {
  Namespace: 0,
  CustomResourceDefinition: 1,
  StorageClass: 1,
  PriorityClass: 1,
  ServiceAccount: 2,
  ClusterRole: 2,
  Role: 2,
  ClusterRoleBinding: 2,
  RoleBinding: 2,
  ResourceQuota: 2,
  LimitRange: 2,
  NetworkPolicy: 2,
  ConfigMap: 3,
  Secret: 3,
  PersistentVolume: 3,
  PersistentVolumeClaim: 3,
  Service: 4,
  NetworkAttachmentDefinition: 4,
};

/** Own kinds come before the workloads of the same reading, which may be what their operator looks for; withdrawals come last. */
export const rankOf = (item: WorkItem): number => (item.op === 'withdraw' ? RANKS - 1 : (ranks[item.ref.kind] ?? 5));
