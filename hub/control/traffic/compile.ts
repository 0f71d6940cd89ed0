/** @module Compiles one service, and says what each member is sent of it. */
import { type TrafficPolicySpec, trafficDefaults } from '../../../shared/api/index.ts';
import {
  type CompiledService,
  compileService,
  exportConditions,
  type mergeExports,
  servedOf,
  withMeasuredUse,
} from '../../../shared/traffic/index.ts';
import type { TrafficSpec } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { partsOfService, type ServiceKey } from './answers.ts';
import type { Gathered } from './gather.ts';
import { labelsIn, nameServers } from './members.ts';
import { dnsOf, termsOf } from './policies.ts';
import type { LossTables } from './tables.ts';
import type { Uses } from './uses.ts';

/** The exports of a service, merged. */
export type Merged = ReturnType<typeof mergeExports>;

const failbackDefault: TrafficSpec['failback'] = {
  mode: trafficDefaults.failback.mode,
  holdDownMs: trafficDefaults.failback.holdDownSeconds * 1_000,
  stepsPercent: trafficDefaults.failback.stepsPercent,
  stepMs: trafficDefaults.failback.stepSeconds * 1_000,
  setbacksMax: trafficDefaults.failback.setbacksMax,
  released: [],
};

/** The service under a policy; its loss tables are taken from, and added to, those of all services. */
export const compiledOf = (
  { directory, tables }: { readonly directory: Directory; readonly tables: Pick<LossTables, 'rowsOf'> },
  service: ServiceKey,
  merged: Merged,
  spec: TrafficPolicySpec,
  uses: Uses,
): CompiledService => {
  const { namespace, name } = partsOfService(service);
  const input = { merged, policy: spec, termsOf: termsOf(spec, labelsIn(directory)) };
  const served = servedOf(service, input);
  const planned = withMeasuredUse(served, uses, spec.headroom?.targetPercent ?? trafficDefaults.headroom.targetPercent);
  const lost = (spec.losses ?? []).map(({ clusters }) => clusters);
  const rows = tables.rowsOf(service, planned, lost, spec.demand !== undefined, served);
  const { gateway } = spec;
  const addressed = {
    ...input,
    dns: dnsOf(spec, namespace, name, nameServers(directory)),
    gateway: gateway === undefined ? undefined : `${gateway.namespace ?? namespace}/${gateway.name}`,
  };
  return compileService(addressed, planned, rows, failbackDefault);
};

/** What each member is sent: the same for all, but for whether it is wanted there and what became of its own export. */
export const specsFor = (
  members: ReadonlySet<string>,
  gathered: Gathered,
  merged: Merged,
  compiled: CompiledService,
): Map<string, TrafficSpec> => {
  const { shortfalls: _s, cuts: _c, ...common } = compiled;
  return new Map(
    [...members].map((cluster): [string, TrafficSpec] => {
      const report = gathered.reports.get(cluster);
      const conditions = report?.export === undefined ? [] : exportConditions(report, merged, undefined);
      return [cluster, { ...common, wanted: gathered.wanted.has(cluster), conditions }];
    }),
  );
};
