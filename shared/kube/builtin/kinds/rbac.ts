/** @module Role, ClusterRole and their bindings (kubernetes `apis/rbac/validation`). */
import { type Fault, invalid, invalidEach, notSupported, pathSegmentName, required, subdomainName } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { validateLabelSelector } from '../../selectors/index.ts';
import type { KindParts } from '../kind.ts';
import { isJson, type Json, listAt, namesAt, objectAt, textAt } from '../read.ts';
import { sameValue } from '../validate/equal.ts';

const group = 'rbac.authorization.k8s.io';
const subjectKinds = ['ServiceAccount', 'User', 'Group'];

const ruleFaults = (rule: unknown, isNamespaced: boolean, field: string): Fault[] => {
  const faults: Fault[] = namesAt(rule, 'verbs').length === 0 ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : [];
  const urls = namesAt(rule, 'nonResourceURLs');
  const [groups, resources] = [namesAt(rule, 'apiGroups'), namesAt(rule, 'resources')];
  if (urls.length > 0) {
    const path = `${field}.nonResourceURLs`;
    if (isNamespaced) faults.push(invalid(path, urls, 'namespaced rules cannot apply to non-resource URLs'));
    const isMixed = groups.length + resources.length + namesAt(rule, 'resourceNames').length > 0;
    return isMixed ? [...faults, invalid(path, urls, 'rules cannot apply to both regular resources and non-resource URLs')] : faults;
  }
  if (groups.length === 0) faults.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0) faults.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  return faults;
};

const rulesFaults = (role: KubeObject, isNamespaced: boolean): Fault[] =>
  listAt(role, 'rules').flatMap((rule, index) => ruleFaults(rule, isNamespaced, `rules[${index}]`));

const aggregationFaults = (role: KubeObject): Fault[] => {
  if (!isJson(role.aggregationRule)) return [];
  const field = 'aggregationRule.clusterRoleSelectors';
  const selectors = listAt(role, 'aggregationRule', 'clusterRoleSelectors');
  if (selectors.length === 0) return [required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  return selectors.flatMap((selector, index) => validateLabelSelector(objectAt(selector), `${field}[${index}]`));
};

const subjectFaults = (subject: unknown, isNamespaced: boolean, field: string): Fault[] => {
  const [kind, name, apiGroup] = [textAt(subject, 'kind'), textAt(subject, 'name'), textAt(subject, 'apiGroup')];
  const faults: Fault[] = name === '' ? [required(`${field}.name`)] : [];
  if (!subjectKinds.includes(kind)) return [...faults, notSupported(`${field}.kind`, kind, subjectKinds)];
  if (kind !== 'ServiceAccount') return apiGroup === group ? faults : [...faults, notSupported(`${field}.apiGroup`, apiGroup, [group])];
  if (name !== '') faults.push(...invalidEach(`${field}.name`, name, subdomainName(name, false)));
  if (apiGroup !== '') faults.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
  return !isNamespaced && textAt(subject, 'namespace') === '' ? [...faults, required(`${field}.namespace`)] : faults;
};

const bindingFaults = (binding: KubeObject, isNamespaced: boolean): Fault[] => {
  const kinds = isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const [apiGroup, kind, name] = [
    textAt(binding, 'roleRef', 'apiGroup'),
    textAt(binding, 'roleRef', 'kind'),
    textAt(binding, 'roleRef', 'name'),
  ];
  return [
    ...(apiGroup === group ? [] : [notSupported('roleRef.apiGroup', apiGroup, [group])]),
    ...(kinds.includes(kind) ? [] : [notSupported('roleRef.kind', kind, kinds)]),
    ...(name === '' ? [required('roleRef.name')] : invalidEach('roleRef.name', name, pathSegmentName(name, false))),
    ...listAt(binding, 'subjects').flatMap((subject, index) => subjectFaults(subject, isNamespaced, `subjects[${index}]`)),
  ];
};

/** The reference with its fields in the order of the Go struct, as the API server prints it. */
const roleOf = (binding: KubeObject): Json => {
  const [apiGroup, kind, name] = ['apiGroup', 'kind', 'name'].map((field) => textAt(binding, 'roleRef', field));
  return { apiGroup, kind, name };
};

const sameRole = (binding: KubeObject, old: KubeObject): Fault[] =>
  sameValue(roleOf(binding), roleOf(old)) ? [] : [invalid('roleRef', roleOf(binding), 'cannot change roleRef')];

const binding = (isNamespaced: boolean): KindParts => ({
  name: pathSegmentName,
  strategy: {
    validate: (object) => bindingFaults(object, isNamespaced),
    validateUpdate: (object, old) => [...bindingFaults(object, isNamespaced), ...sameRole(object, old)],
    allowCreateOnUpdate: true,
  },
});

/** By `<group>/<resource>`. */
export const rbacKinds: Readonly<Record<string, KindParts>> = {
  [`${group}/roles`]: { name: pathSegmentName, strategy: { validate: (role) => rulesFaults(role, true), allowCreateOnUpdate: true } },
  [`${group}/clusterroles`]: {
    name: pathSegmentName,
    strategy: { validate: (role) => [...rulesFaults(role, false), ...aggregationFaults(role)], allowCreateOnUpdate: true },
  },
  [`${group}/rolebindings`]: binding(true),
  [`${group}/clusterrolebindings`]: binding(false),
};
