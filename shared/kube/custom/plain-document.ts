/** @module The document of a namespaced kind of which only the names matter: no columns, one form in all versions. */
import type { OpenApiSchema } from '../resource.ts';
import type { KindDocument } from './document.ts';

/** The kind `Widget` with the resource `widgets` of `acme.dev/v1`; without a schema its objects are taken as they come. */
export const plainDocument = (groupVersion: string, kind: string, resource: string, schema?: OpenApiSchema): KindDocument => {
  const [group = '', version = ''] = groupVersion.split('/');
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    resource,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    status: true,
    columns: [],
    selectableFields: [],
    versionsAlike: true,
    ...(schema === undefined ? {} : { schema }),
  };
};
