/** @module A kind document of unknown origin, checked and rebuilt; every refusal is a value that names the fault. */
import { isBuiltinGroup } from '../builtin/groups.ts';
import type { ScalePaths, TableColumn } from '../resource.ts';
import { isObject, type JsonObject, own } from '../schema/index.ts';
import { customSchemaName, type KindDocument, type PathColumn } from './document.ts';
import { structural } from './structural.ts';

/** A document that can be served, or why not. */
export type CheckedKind = { readonly ok: true; readonly document: KindDocument } | { readonly ok: false; readonly message: string };

const namesMax = 16;
const columnsMax = 64;
const label = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{3,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
const kindName = /^[A-Z][A-Za-z0-9]{0,62}$/;
const fieldPath = /^\.?[A-Za-z0-9_.]{1,200}$/;
const columnTypes: readonly string[] = ['string', 'integer', 'number', 'boolean', 'date'];
/** Definitions of these names are Kubernetes' own; a schema under one would be taken for a Go type. */
const reservedSchema = /^io\.k8s\.(api|apimachinery|apiextensions-apiserver|kube-aggregator)\./;

const textIn = (value: JsonObject, field: string): string => {
  const found = own(value, field);
  return typeof found === 'string' ? found : '';
};
const labelsIn = (value: JsonObject, field: string): string[] => {
  const found = own(value, field);
  return Array.isArray(found) ? found.filter((one): one is string => typeof one === 'string' && label.test(one)).slice(0, namesMax) : [];
};

const columnOf = (value: unknown): PathColumn[] => {
  if (!isObject(value)) return [];
  const type = textIn(value, 'type');
  const name = textIn(value, 'name').slice(0, 64);
  const priority = own(value, 'priority');
  if (!columnTypes.includes(type) || name === '') return [];
  return [
    {
      name,
      type: type as TableColumn['type'],
      format: textIn(value, 'format').slice(0, 32),
      description: textIn(value, 'description').slice(0, 1_024),
      priority: typeof priority === 'number' && Number.isInteger(priority) && priority > 0 ? priority : 0,
      jsonPath: textIn(value, 'jsonPath').slice(0, 1_024),
    },
  ];
};

const scaleOf = (value: unknown): ScalePaths | undefined => {
  if (!isObject(value)) return undefined;
  const [specReplicas, statusReplicas, selector] = ['specReplicas', 'statusReplicas', 'selector'].map((field) => textIn(value, field));
  if (specReplicas === undefined || statusReplicas === undefined) return undefined;
  if (!fieldPath.test(specReplicas) || !fieldPath.test(statusReplicas)) return undefined;
  return { specReplicas, statusReplicas, ...(selector !== undefined && fieldPath.test(selector) ? { selector } : {}) };
};

/** Names that are wrong, as a text; undefined when all are right. */
const nameFault = (value: JsonObject): string | undefined => {
  const [group, version, kind] = [textIn(value, 'group'), textIn(value, 'version'), textIn(value, 'kind')];
  if (!subdomain.test(group)) return 'its group must be a DNS name with a dot';
  if (isBuiltinGroup(group)) return `the group ${group} is Kubernetes' own; no cluster may add kinds to it`;
  if (group === 'hanse.dev' || group.endsWith('.hanse.dev')) return `the group ${group} is the hub's own; no cluster may add kinds to it`;
  if (!label.test(version)) return 'its version must be a DNS label';
  if (!kindName.test(kind)) return 'its kind must begin with a capital and hold only letters and digits';
  if (!label.test(textIn(value, 'resource'))) return 'its resource must be a DNS label';
  return reservedSchema.test(customSchemaName(group, version, kind)) ? `the group ${group} is reserved by Kubernetes` : undefined;
};

/** Checks a document. What is merely odd (a column of an unknown type, a short name that is no label) is left out. */
export const checkKindDocument = (value: unknown): CheckedKind => {
  if (!isObject(value)) return { ok: false, message: 'it must be an object' };
  const fault = nameFault(value);
  if (fault !== undefined) return { ok: false, message: fault };
  const given = own(value, 'schema');
  const read = isObject(given) ? structural(given) : undefined;
  if (read?.ok === false) return read;
  const [kind, listKind, singular] = [textIn(value, 'kind'), textIn(value, 'listKind'), textIn(value, 'singular')];
  const scale = scaleOf(own(value, 'scale'));
  const columns = own(value, 'columns');
  const selectable = own(value, 'selectableFields');
  return {
    ok: true,
    document: {
      group: textIn(value, 'group'),
      version: textIn(value, 'version'),
      kind,
      listKind: kindName.test(listKind) ? listKind : `${kind}List`,
      resource: textIn(value, 'resource'),
      singular: label.test(singular) ? singular : kind.toLowerCase(),
      shortNames: labelsIn(value, 'shortNames'),
      categories: labelsIn(value, 'categories'),
      namespaced: own(value, 'namespaced') === true,
      status: own(value, 'status') === true,
      ...(scale === undefined ? {} : { scale }),
      columns: (Array.isArray(columns) ? columns : []).slice(0, columnsMax).flatMap(columnOf),
      selectableFields: (Array.isArray(selectable) ? selectable : []).filter((path) => typeof path === 'string').slice(0, namesMax),
      versionsAlike: own(value, 'versionsAlike') === true,
      ...(read === undefined ? {} : { schema: read.schema }),
    },
  };
};
