/** @module URLs of the Kubernetes API. */
import type { Collection, ObjectAddress } from '../../shared/kube/client/port.ts';
import type { GroupVersionResource } from '../../shared/kube/object.ts';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?a=b&c=d`, or nothing. */
export const queryText = (query: Query): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
};

const segment = encodeURIComponent;

/** The path of a collection, all namespaces or one. */
export const collectionPath = (type: GroupVersionResource & { readonly namespace?: string | undefined }): string => {
  const root = type.group === '' ? `/api/${segment(type.version)}` : `/apis/${segment(type.group)}/${segment(type.version)}`;
  const within = type.namespace === undefined || type.namespace === '' ? '' : `/namespaces/${segment(type.namespace)}`;
  return `${root}${within}/${segment(type.resource)}`;
};

/** The path of one object or one of its subresources. */
export const objectPath = (address: ObjectAddress, subresource?: string): string =>
  `${collectionPath(address)}/${segment(address.name)}${subresource === undefined ? '' : `/${segment(subresource)}`}`;

/** Query of the selectors of a collection. */
export const selectorQuery = (collection: Collection): Query => ({
  labelSelector: collection.labelSelector,
  fieldSelector: collection.fieldSelector,
});
