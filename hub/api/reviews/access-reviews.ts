/** @module authorization.k8s.io/v1: may I, may they, and what may I. */
import type { KubeObject } from '../../../shared/kube/object.ts';

import { type PolicyRule, uncoveredRules } from '../../../shared/kube/rbac/index.ts';
import { invalid } from '../../../shared/kube/server/errors.ts';
import type { Attributes, Decision, UserInfo, VirtualCreate } from '../../../shared/kube/server/options.ts';
import type { StatusCause } from '../../../shared/kube/status-error.ts';
import { MASTERS } from '../authentication/index.ts';
import type { RbacIndex } from '../authorization/index.ts';

const GROUP = 'authorization.k8s.io';

/** What the reviews ask. */
export type AccessReviewOptions = {
  readonly authorize: (attributes: Attributes) => Decision;
  readonly index: Pick<RbacIndex, 'grantsOf'>;
};

/** Handlers by `<group>/<version>/<resource>`. */
export const accessReviews = ({ authorize, index }: AccessReviewOptions): Readonly<Record<string, VirtualCreate>> => {
  const answer = (review: KubeObject, user: UserInfo): KubeObject => {
    const { allowed, reason } = authorize(attributesOf(specOf(review), user));
    return { ...review, status: { allowed, ...(reason === undefined ? {} : { reason }) } };
  };
  return {
    [`${GROUP}/v1/selfsubjectaccessreviews`]: (review, { user }) => {
      refuse('SelfSubjectAccessReview', targetFaults(specOf(review)));
      return answer(review, user);
    },
    [`${GROUP}/v1/subjectaccessreviews`]: (review) => {
      const spec = specOf(review);
      refuse('SubjectAccessReview', [...targetFaults(spec), ...subjectFaults(spec)]);
      return answer(review, subjectOf(spec));
    },
    [`${GROUP}/v1/localsubjectaccessreviews`]: (review, { namespace }) => {
      const spec = specOf(review);
      refuse('LocalSubjectAccessReview', [...targetFaults(spec), ...subjectFaults(spec), ...localFaults(spec, namespace)]);
      return answer(review, subjectOf(spec));
    },
    [`${GROUP}/v1/selfsubjectrulesreviews`]: (review, { user }) => {
      const namespace = specOf(review).namespace ?? '';
      if (namespace === '') refuse('SelfSubjectRulesReview', [required('spec.namespace', 'a namespace is required')]);
      return { ...review, status: rulesStatus(rulesHeld(user, namespace, index)) };
    },
  };
};

type Spec = {
  readonly namespace?: string;
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes?: Partial<Record<'namespace' | 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'name', string>>;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
};

const specOf = (review: KubeObject): Spec => (review as { spec?: Spec }).spec ?? {};

const subjectOf = ({ user = '', uid, groups = [], extra }: Spec): UserInfo => ({
  name: user,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});

const attributesOf = ({ resourceAttributes, nonResourceAttributes }: Spec, user: UserInfo): Attributes => {
  const none = { user, group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  if (resourceAttributes === undefined)
    return { ...none, isResource: false, path: nonResourceAttributes?.path ?? '', verb: nonResourceAttributes?.verb ?? '' };
  return { ...none, isResource: true, path: '', verb: '', ...resourceAttributes };
};

const targetFaults = ({ resourceAttributes, nonResourceAttributes }: Spec): StatusCause[] => {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    return [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: cannot be specified in combination with resourceAttributes',
        field: 'spec.nonResourceAttributes',
      },
    ];
  }
  if (resourceAttributes !== undefined || nonResourceAttributes !== undefined) return [];
  return [
    {
      reason: 'FieldValueInvalid',
      message: 'Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified',
      field: 'spec.resourceAttributes',
    },
  ];
};

const subjectFaults = ({ user = '', groups = [] }: Spec): StatusCause[] =>
  user === '' && groups.length === 0
    ? [{ reason: 'FieldValueInvalid', message: 'Invalid value: at least one of user or group must be specified', field: 'spec.user' }]
    : [];

const localFaults = ({ resourceAttributes }: Spec, namespace: string): StatusCause[] => {
  if (resourceAttributes === undefined) {
    return [
      { reason: 'FieldValueInvalid', message: 'Invalid value: disallowed on this kind of request', field: 'spec.nonResourceAttributes' },
    ];
  }
  if ((resourceAttributes.namespace ?? '') === namespace) return [];
  return [
    { reason: 'FieldValueInvalid', message: 'Invalid value: must match metadata.namespace', field: 'spec.resourceAttributes.namespace' },
  ];
};

const required = (field: string, message: string): StatusCause => ({
  reason: 'FieldValueRequired',
  message: `Required value: ${message}`,
  field,
});

const refuse = (kind: string, causes: readonly StatusCause[]): void => {
  if (causes.length > 0) throw invalid({ group: GROUP, kind }, '', causes);
};

const rulesHeld = (user: UserInfo, namespace: string, index: Pick<RbacIndex, 'grantsOf'>): readonly PolicyRule[] => {
  const held = index.grantsOf(user, namespace).flatMap(({ rules }) => rules);
  return user.groups.includes(MASTERS) && uncoveredRules(held, everything).length > 0 ? [...everything, ...held] : held;
};

const everything: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

const rulesStatus = (rules: readonly PolicyRule[]): object => ({
  incomplete: false,
  resourceRules: rules
    .filter(({ resources = [] }) => resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames = [] }) => ({
      verbs,
      apiGroups,
      resources,
      ...(resourceNames.length === 0 ? {} : { resourceNames }),
    })),
  nonResourceRules: rules
    .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
});
