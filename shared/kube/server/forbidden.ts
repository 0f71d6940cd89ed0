/** @module The 403 of an authorizer, in the words of the Kubernetes API. */
import { StatusError } from '../status-error.ts';
import type { Attributes } from './options.ts';

/** Says who may not do what where; `reason` is the authorizer's. */
export const forbiddenBy = (attributes: Attributes, reason = ''): StatusError => {
  const { user, verb, isResource, path, group, resource, subresource, namespace, name } = attributes;
  const tail = reason === '' ? '' : `: ${reason}`;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!isResource) return new StatusError(403, 'Forbidden', `forbidden: ${who} path ${JSON.stringify(path)}${tail}`, {});
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? ' at the cluster scope' : ` in the namespace ${JSON.stringify(namespace)}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const subject = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`;
  const message = `${subject} is forbidden: ${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)}${where}${tail}`;
  return new StatusError(403, 'Forbidden', message, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: resource,
  });
};
