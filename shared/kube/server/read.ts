/** @module What get, list and watch share: selectors, and resourceVersions that reads must wait for. */
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import {
  commonFields,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  unknownFieldText,
} from '../selectors/index.ts';
import type { Revision } from '../storage/index.ts';
import type { Call } from './call.ts';
import type { ServerContext } from './context.ts';
import { badRequest, versionTooLarge } from './errors.ts';

/** Decides whether an object (in the version of the call) is asked for. */
export type Filter = {
  readonly matches: (object: KubeObject) => boolean;
  /** True when no selector was given. */
  readonly everything: boolean;
};

/** The call's selectors, and its name when the URL has one. Throws 400 on selectors that cannot be read. */
export const filterOf = (call: Call): Filter => {
  const labelText = call.query.get('labelSelector') ?? '';
  const fieldText = call.query.get('fieldSelector') ?? '';
  const labels = parseLabelSelector(labelText);
  if (!labels.ok) throw badRequest(labels.message);
  const fields = parseFieldSelector(fieldText);
  if (!fields.ok) throw badRequest(fields.message);
  const unknown = unknownFieldText(fields.value, knownFields(call.type));
  if (unknown !== undefined) throw badRequest(unknown);
  const everything = labels.value.requirements.length === 0 && fields.value.terms.length === 0 && call.name === '';
  return {
    everything,
    matches: (object) =>
      everything ||
      ((call.name === '' || object.metadata.name === call.name) &&
        matchesLabels(labels.value, object.metadata.labels) &&
        (fields.value.terms.length === 0 || matchesFields(fields.value, fieldsOf(call.type, object)))),
  };
};

const fieldsOf = (type: ResourceType, object: KubeObject): Readonly<Record<string, string>> => ({
  ...type.selectableFields?.(object),
  'metadata.name': object.metadata.name,
  'metadata.namespace': object.metadata.namespace ?? '',
});

const knownFields = (type: ResourceType): readonly string[] => {
  const blank: KubeObject = { apiVersion: type.version, kind: type.kind, metadata: { name: '' } };
  return [...commonFields, ...Object.keys(type.selectableFields?.(blank) ?? {})];
};

/** Waits until reads reflect `revision`; throws 504 when it does not come in time. */
export const awaitRevision = async (server: ServerContext, revision: Revision): Promise<void> => {
  if (server.store.revision() >= revision) return;
  let cancel = (): void => undefined;
  const late = new Promise<'late'>((resolve) => {
    cancel = server.env.setTimer(server.limits.futureWaitMs, () => resolve('late'));
  });
  const outcome = await Promise.race([server.store.reached(revision), late]);
  cancel();
  if (outcome === 'late') throw versionTooLarge(revision, server.store.revision());
};
