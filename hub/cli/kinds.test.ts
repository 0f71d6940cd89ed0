/** @module Which kind of the hub a word means. */
import { expect, test } from 'vitest';
import discovery from '../../shared/kube/builtin/data/discovery.json' with { type: 'json' };
import { builtinDefaults, builtinSchemas, builtinTypes } from '../../shared/kube/builtin/index.ts';
import { createSchemaSet } from '../../shared/kube/schema/index.ts';
import { createApiServer, createRegistry, serviceAddresses } from '../../shared/kube/server/index.ts';
import { createStore, memoryJournal } from '../../shared/kube/storage/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { kindsNamed, type ServedKind, servedKinds } from './kinds.ts';

const kindsOfServer = async (): Promise<readonly ServedKind[]> => {
  const env = nodeEnv(silentLog);
  const store = await createStore(memoryJournal(), { env });
  const schemas = createSchemaSet(...builtinSchemas);
  const { app } = createApiServer({
    ...{ store, env, schemas: () => schemas, defaultFunctions: builtinDefaults },
    registry: createRegistry(builtinTypes(serviceAddresses(store, env))),
    version: { ...discovery.version, gitCommit: '', platform: 'any' },
  });
  return servedKinds(async (path, accept) => (await app.request(path, { headers: { accept } })).json());
};

test('a type is found by plural, singular, kind, short name, and by its group and version; another group is another type', async () => {
  const kinds = await kindsOfServer();
  const found = (type: string): string[] => [...new Set(kindsNamed(kinds, type).map(({ kind, group }) => `${kind}.${group}`))];
  for (const type of ['deploy', 'deployment', 'deployments', 'Deployment', 'deployments.apps', 'deploy.v1.apps'])
    expect([type, found(type)]).toEqual([type, ['Deployment.apps']]);
  for (const type of ['hpa', 'HorizontalPodAutoscaler', 'hpa.autoscaling', 'hpa.v2.autoscaling'])
    expect([type, found(type)]).toEqual([type, ['HorizontalPodAutoscaler.autoscaling']]);
  for (const [type, kind] of [
    ['sts', 'StatefulSet.apps'],
    ['cj', 'CronJob.batch'],
    ['pvc.v1', 'PersistentVolumeClaim.'],
    ['netpol', 'NetworkPolicy.networking.k8s.io'],
    ['ing', 'Ingress.networking.k8s.io'],
  ])
    expect([type, found(type ?? '')]).toEqual([type, [kind]]);
  for (const type of ['deploy.batch', 'deploy.v2.apps', 'hpas', '']) expect([type, found(type)]).toEqual([type, []]);
});
