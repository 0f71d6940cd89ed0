/** @module Reading and writing Clusters and JoinTokens with compare-and-set: read, change, write, again when somebody was faster. */
import type { Cluster } from '../../../shared/api/cluster.ts';
import { clusters } from '../../../shared/api/cluster.ts';
import type { JoinToken } from '../../../shared/api/join-token.ts';
import { joinTokens } from '../../../shared/api/join-token.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { isStatus } from '../../../shared/kube/status-error.ts';

export const secrets: GroupVersionResource = { group: '', version: 'v1', resource: 'secrets' };
export const namespaces: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };

/** Writes that lost against others before giving up. */
const attemptsMax = 10;

/** The Cluster of this name. Our kinds are validated by the API server, so the cast is safe. */
export const getCluster = async (client: KubeClient, name: string): Promise<Cluster | undefined> =>
  (await client.get({ ...clusters, name })) as Cluster | undefined;

/** The JoinToken of this name. */
export const getJoinToken = async (client: KubeClient, name: string): Promise<JoinToken | undefined> =>
  (await client.get({ ...joinTokens, name })) as JoinToken | undefined;

/**
 * Changes one object: `change` gets the newest state and answers the new one, or undefined to leave it. Resolves with the state after,
 * undefined when the object does not exist. @throws StatusError when the server refuses for another reason than a faster writer.
 */
export const change = async <T extends Cluster | JoinToken>(
  client: KubeClient,
  type: GroupVersionResource,
  name: string,
  edit: (object: T) => T | undefined,
  subresource?: 'status',
): Promise<T | undefined> => {
  for (let attempt = 1; ; attempt++) {
    const current = (await client.get({ ...type, name })) as T | undefined;
    if (current === undefined) return undefined;
    const next = edit(current);
    if (next === undefined) return current;
    try {
      return (await client.update(type, next as unknown as KubeObject, subresource === undefined ? {} : { subresource })) as unknown as T;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      if (!isStatus(error, 'Conflict') || attempt >= attemptsMax) throw error;
    }
  }
};

/** Creates an object; false when it exists already. @throws StatusError when the server refuses for another reason. */
export const createOnce = async (client: KubeClient, type: GroupVersionResource, object: KubeObject): Promise<boolean> => {
  try {
    await client.create(type, object);
    return true;
  } catch (error) {
    if (isStatus(error, 'AlreadyExists')) return false;
    throw error;
  }
};
