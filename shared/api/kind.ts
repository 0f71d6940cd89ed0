/** @module What the kinds of hanse.dev/v1alpha1 have in common: group, version, schema of the whole object, columns. */
import type { OpenApiSchema, TableColumn } from '../kube/resource.ts';

/** Group of the hub's own kinds. */
export const hanseGroup = 'hanse.dev';
/** Their version. */
export const hanseVersion = 'v1alpha1';
/** `hanse.dev/v1alpha1`. */
export const hanseApiVersion = `${hanseGroup}/${hanseVersion}`;

/** The verbs of a stored kind. */
export const storedVerbs: readonly string[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Name of a kind's schema. */
export const schemaNameOf = (kind: string): string => `dev.hanse.${hanseVersion}.${kind}`;

/** Schema of a whole object. */
export const objectSchema = (
  kind: string,
  description: string,
  parts: Readonly<Record<string, OpenApiSchema>>,
  required: readonly string[],
): OpenApiSchema => ({
  type: 'object',
  description,
  properties: {
    apiVersion: { type: 'string', description: `The versioned schema of this object: ${hanseApiVersion}.` },
    kind: { type: 'string', description: `The kind of this object: ${kind}.` },
    metadata: {
      allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
      description: "Standard object's metadata.",
      default: {},
    },
    ...parts,
  },
  ...(required.length === 0 ? {} : { required: [...required] }),
  'x-kubernetes-group-version-kind': [{ group: hanseGroup, version: hanseVersion, kind }],
});

/** A column of the table. */
export const column = (name: string, type: TableColumn['type'], description: string, priority = 0, format = ''): TableColumn => ({
  name,
  type,
  format,
  description,
  priority,
});

/** The columns every table starts and ends with. */
export const nameColumn = column('Name', 'string', 'Name must be unique within a namespace.', 0, 'name');
export const ageColumn = column('Age', 'string', 'Time since the object was created.');

/** Age as kubectl prints it: `45s`, `3m20s`, `5h`, `12d`, `2y10d` (apimachinery duration.HumanDuration). */
export const ageText = (creationTimestamp: string | undefined, nowMs: number): string => {
  const created = creationTimestamp === undefined ? Number.NaN : Date.parse(creationTimestamp);
  if (Number.isNaN(created)) return '<unknown>';
  const seconds = Math.max(0, Math.floor((nowMs - created) / 1000));
  const two = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
    small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  return two(Math.floor(days / 365), 'y', days % 365, 'd');
};
