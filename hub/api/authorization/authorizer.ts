/** @module May they: RBAC over the store's roles and bindings. */

import { allows } from '../../../shared/kube/rbac/index.ts';
import type { Attributes, Decision } from '../../../shared/kube/server/options.ts';
import { MASTERS } from '../authentication/index.ts';
import type { RbacIndex } from './rbac-index.ts';

/** Answers whether a request may go on; `reason` names the binding that allows it. Nothing allows = refused without a reason. */
export const createAuthorizer =
  (index: Pick<RbacIndex, 'grantsOf'>) =>
  (attributes: Attributes): Decision => {
    // Not by a binding alone: whoever locks everyone out must still be able to mend it.
    if (attributes.user.groups.includes(MASTERS)) return { allowed: true };
    for (const { rules, source } of index.grantsOf(attributes.user, attributes.isResource ? attributes.namespace : '')) {
      if (rules.some((rule) => allows(rule, attributes))) return { allowed: true, reason: source };
    }
    return { allowed: false };
  };
