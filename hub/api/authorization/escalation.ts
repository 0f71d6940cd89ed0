/** @module Nobody may grant what they do not have: the check on writes of roles and bindings (Kubernetes, "Privilege escalation prevention"). */
import type { KubeObject } from '../../../shared/kube/object.ts';
import { type PolicyRule, ruleText, uncoveredRules } from '../../../shared/kube/rbac/index.ts';
import { forbidden, notFound } from '../../../shared/kube/server/errors.ts';
import type { AdmissionRequest, Attributes, Decision } from '../../../shared/kube/server/options.ts';
import { MASTERS } from '../authentication/index.ts';
import type { RbacIndex, RoleRef } from './rbac-index.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** What the check asks. */
export type EscalationOptions = {
  readonly index: Pick<RbacIndex, 'grantsOf' | 'rulesOf'>;
  readonly authorize: (attributes: Attributes) => Decision;
};

/** Throws 403, naming each right that is missing, when a write of RBAC would grant more than its author holds. */
export const checkEscalation = (request: AdmissionRequest, options: EscalationOptions): void => {
  const { type, object, old, user } = request;
  if (type.group !== RBAC || object === undefined || user.groups.includes(MASTERS)) return;
  if (type.resource === 'roles' || type.resource === 'clusterroles') {
    if (old !== undefined && sameRules(rulesIn(object), rulesIn(old))) return;
    if (!may('escalate', request, { resource: type.resource, name: object.metadata.name }, options))
      refuseUncovered(request, rulesIn(object), options);
  }
  if (type.resource === 'rolebindings' || type.resource === 'clusterrolebindings') checkBinding(request, object, options);
};

const checkBinding = (request: AdmissionRequest, object: KubeObject, options: EscalationOptions): void => {
  const ref = roleRefOf(object);
  const resource = ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  if (may('bind', request, { resource, name: ref.name }, options)) return;
  const rules = options.index.rulesOf(ref, request.namespace);
  if (rules === undefined) throw notFound({ group: RBAC, resource }, ref.name);
  refuseUncovered(request, rules, options);
};

const refuseUncovered = (request: AdmissionRequest, wanted: readonly PolicyRule[], { index }: EscalationOptions): void => {
  const { type, user, namespace } = request;
  const held = index.grantsOf(user, namespace).flatMap(({ rules }) => rules);
  const missing = uncoveredRules(held, wanted);
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  const rights = [...new Set(missing.map(ruleText))].sort();
  const why = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${rights.join('\n')}`;
  throw forbidden(type, request.object?.metadata.name ?? request.name, why);
};

const may = (
  verb: 'bind' | 'escalate',
  { user, namespace }: AdmissionRequest,
  target: { resource: string; name: string },
  { authorize }: EscalationOptions,
): boolean =>
  authorize({ user, verb, isResource: true, path: '', group: RBAC, version: 'v1', subresource: '', namespace, ...target }).allowed;

const rulesIn = (object: KubeObject): readonly PolicyRule[] => (object as { rules?: readonly PolicyRule[] }).rules ?? [];

const sameRules = (a: readonly PolicyRule[], b: readonly PolicyRule[]): boolean => JSON.stringify(a) === JSON.stringify(b);

const roleRefOf = (object: KubeObject): RoleRef => {
  const { kind, name } = (object as { roleRef?: { kind?: string; name?: string } }).roleRef ?? {};
  return { kind: kind === 'ClusterRole' ? 'ClusterRole' : 'Role', name: name ?? '' };
};
