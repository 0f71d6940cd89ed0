/** @module What the apply room is told of a kind: its schema, its versions, what an endpoint does not write. */

import { timeText } from '../../lib/time-text.ts';
import { resetRuleOf, type TrackContext, trackUpdate, type Versions } from '../apply/index.ts';
import { apiVersionOf, type KubeObject, parseApiVersion } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { fromStorage, toStorage } from './call.ts';
import type { ServerContext } from './context.ts';

/** A plain write about to happen; `live` is undefined on create. */
export type PlainWrite = {
  readonly live: KubeObject | undefined;
  readonly next: KubeObject;
  readonly manager: string;
  readonly subresource: string;
};

/** How objects of `type` are tracked at one of its endpoints now. */
export const trackContext = (server: ServerContext, type: ResourceType, subresource: string): TrackContext => ({
  node: server.schemas().node(type.schemaName),
  apiVersion: apiVersionOf(type.group, type.version),
  subresource,
  reset: subresource === 'scale' ? 'status' : resetRuleOf(subresource, type.hasStatus),
  versions: versionsOf(server, type),
  now: timeText(server.env.nowMs()),
});

/** `next` with managedFields that say what `manager` changed. */
export const trackedUpdate = (server: ServerContext, type: ResourceType, write: PlainWrite): KubeObject =>
  trackUpdate({ ...trackContext(server, type, write.subresource), live: write.live, next: write.next, manager: write.manager });

const versionsOf = (server: ServerContext, type: ResourceType): Versions => {
  const typeOf = (apiVersion: string): ResourceType | undefined => {
    const { group, version } = parseApiVersion(apiVersion);
    return server.registry.get(group, version, type.resource);
  };
  return {
    nodeOf: (apiVersion) => {
      const found = typeOf(apiVersion);
      return found === undefined ? undefined : server.schemas().node(found.schemaName);
    },
    convert: (object, apiVersion) => {
      const [source, target] = [typeOf(object.apiVersion), typeOf(apiVersion)];
      if (source === undefined || target === undefined) return object;
      return fromStorage(target, toStorage(source, object));
    },
  };
};
