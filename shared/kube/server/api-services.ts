/** @module An APIService for each group and version that is served here, as clients look for them; they come and go with the kinds. */

import { timeText } from '../../lib/time-text.ts';
import { apiVersionOf, type KubeObject } from '../object.ts';
import { isStatus } from '../status-error.ts';
import { keyOf, prefixOf } from '../storage/index.ts';
import { groupPriority, versionPriority } from './group-priorities.ts';
import { keyQueue } from './key-queue.ts';
import type { Loop } from './loop.ts';

const GROUP = 'apiregistration.k8s.io';
const API_SERVICES = { group: GROUP, version: 'v1', resource: 'apiservices' } as const;
/** Says that an object is the API server's own, and no aggregated server's. */
const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** Makes what is missing, then follows the kinds; the answer stops it. */
export const startApiServices = async (loop: Loop): Promise<() => void> => {
  const { registry, env } = loop.server;
  if (registry.get(GROUP, 'v1', 'apiservices') === undefined) return () => undefined;
  await reconcile(loop);
  const queue = keyQueue(env, 'API services', () => reconcile(loop));
  const stop = registry.onChange(() => queue.add(''));
  return () => {
    stop();
    queue.stop();
  };
};

const reconcile = async (loop: Loop): Promise<void> => {
  const { server, client } = loop;
  const served = server.registry.groups().filter(({ name }) => name !== GROUP);
  const wanted = new Set(served.flatMap(({ name, versions }) => versions.map((version) => `${version}.${name}`)));
  const present = server.store.list(prefixOf(GROUP, 'apiservices', '')).map(({ object }) => object);
  const left = present.filter(({ metadata }) => metadata.labels?.[AUTOMANAGED] !== undefined && !wanted.has(metadata.name));
  await Promise.all([
    ...served.flatMap(({ name, versions }) => versions.map((version) => ensure(loop, name, version))),
    ...left.map(({ metadata }) => unlessGone(client.delete({ ...API_SERVICES, name: metadata.name }))),
  ]);
};

const ensure = async ({ server, client }: Loop, group: string, version: string): Promise<void> => {
  const name = `${version}.${group}`;
  if (server.store.get(keyOf(GROUP, 'apiservices', '', name)) !== undefined) return;
  const now = timeText(server.env.nowMs());
  const available = { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available' };
  try {
    const made = await client.create(API_SERVICES, apiService(name, group, version));
    const status = { conditions: [{ ...available, lastTransitionTime: now }] };
    await client.update(API_SERVICES, { ...made, status }, { subresource: 'status' });
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists') && !isStatus(error, 'Conflict')) throw error;
  }
};

const apiService = (name: string, group: string, version: string): KubeObject => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'APIService',
  metadata: { name, labels: { [AUTOMANAGED]: 'onstart' } },
  spec: {
    ...(group === '' ? {} : { group }),
    groupPriorityMinimum: groupPriority(group),
    version,
    versionPriority: versionPriority(group, apiVersionOf(group, version)),
  },
});

const unlessGone = async (deletion: Promise<void>): Promise<void> => {
  try {
    await deletion;
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
};
