/** @module Admission of writes: the namespace must be there and stay, then the owner's hook. */
import type { KubeObject } from '../object.ts';
import { keyOf } from '../storage/index.ts';
import type { Call } from './call.ts';
import type { ServerContext } from './context.ts';
import { forbidden, notFound } from './errors.ts';
import type { AdmissionRequest } from './options.ts';

/** Namespaces that cannot be deleted. */
const IMMORTAL: readonly string[] = ['default', 'kube-system', 'kube-public'];

const NAMESPACES = { group: '', resource: 'namespaces' } as const;

/** Asks whether a write may go on; answers the object to go on with. Throws 403 or 404. */
export const admitted = async <T extends KubeObject | undefined>(
  server: ServerContext,
  call: Call,
  write: { operation: AdmissionRequest['operation']; object: T; old: KubeObject | undefined; dryRun: boolean },
): Promise<T> => {
  namespaceAdmits(server, call, write.operation);
  if (server.admit === undefined) return write.object;
  const answer = await server.admit({
    ...write,
    user: call.user,
    type: call.type,
    namespace: call.namespace,
    name: call.name,
    subresource: call.subresource,
  });
  return (answer ?? write.object) as T;
};

const namespaceAdmits = (server: ServerContext, call: Call, operation: AdmissionRequest['operation']): void => {
  const { type, namespace, name } = call;
  if (operation === 'DELETE' && type.group === '' && type.resource === 'namespaces' && IMMORTAL.includes(name)) {
    throw forbidden(type, name, 'this namespace may not be deleted');
  }
  if (operation !== 'CREATE' || !type.namespaced || call.subresource !== '') return;
  const stored = server.store.get(keyOf('', 'namespaces', '', namespace));
  if (stored === undefined) throw notFound(NAMESPACES, namespace);
  if (stored.object.metadata.deletionTimestamp === undefined) return;
  throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
  ]);
};
