/** @module Who controls an object: the chain that leads from a pod to the workload it descends from. */
import { type KubeObject, parseApiVersion } from '../../shared/kube/object.ts';

/** A controller by its identity in the member: `uid` tells two that bore the same name apart. */
export type Controller = {
  readonly uid: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
};

/** The controlling owner, or undefined. */
export const controllerOf = (object: KubeObject): Controller | undefined => {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return undefined;
  const { group } = parseApiVersion(owner.apiVersion);
  return { uid: owner.uid, group, kind: owner.kind, namespace: object.metadata.namespace ?? '', name: owner.name };
};

/** A workload that is applied here: its work id, and the uid of its object once that is known. */
export type AppliedWork = { readonly id: string; readonly uid: string | undefined };

/** Names a workload without its version: `apps/Deployment/shop/web`. */
export const workloadKey = (group: string, kind: string, namespace: string, name: string): string =>
  `${group}/${kind}/${namespace}/${name}`;
