/** @module DeleteOptions, from the body or the query, checked. */
import { notSupported } from '../names/index.ts';
import type { StatusCause } from '../status-error.ts';
import type { Body, Call } from './call.ts';
import { parseBody } from './decode.ts';
import { badRequest, invalidOptions } from './errors.ts';
import { dryRunFaults } from './options-query.ts';

/** What becomes of the dependents: `default` = as the kind and the finalizers that are there say. */
export type Propagation = 'Foreground' | 'Background' | 'Orphan' | 'default';

/** How to delete. */
export type DeletePlan = {
  readonly propagation: Propagation;
  readonly graceSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly dryRun: boolean;
};

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/** Reads the options of a deletion; throws 400 or 422. */
export const deletePlan = (call: Call, body: Body): DeletePlan => {
  const sent = sentOptions(body);
  const fromQuery = queryOptions(call.query);
  const options = { ...fromQuery, ...sent };
  const causes: StatusCause[] = [];
  const { propagationPolicy, orphanDependents, gracePeriodSeconds, preconditions, dryRun } = options;
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    const why = 'Invalid value: "orphanDependents": orphanDependents and deletionPropagation cannot be both set';
    causes.push({ reason: 'FieldValueInvalid', message: why, field: 'propagationPolicy' });
  }
  if (propagationPolicy !== undefined && !POLICIES.some((policy) => policy === propagationPolicy)) {
    causes.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']));
  }
  const dryRuns = Array.isArray(dryRun) ? dryRun.map(String) : [];
  causes.push(...dryRunFaults(dryRuns));
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes, 'meta.k8s.io');
  const bound = isRecord(preconditions) ? preconditions : {};
  return {
    propagation: propagationOf(propagationPolicy, orphanDependents),
    graceSeconds: typeof gracePeriodSeconds === 'number' ? Math.max(0, Math.trunc(gracePeriodSeconds)) : undefined,
    uid: typeof bound['uid'] === 'string' ? bound['uid'] : undefined,
    resourceVersion: typeof bound['resourceVersion'] === 'string' ? bound['resourceVersion'] : undefined,
    dryRun: dryRuns.length > 0,
  };
};

const propagationOf = (policy: unknown, orphan: unknown): Propagation => {
  if (typeof orphan === 'boolean') return orphan ? 'Orphan' : 'Background';
  return POLICIES.find((known) => known === policy) ?? 'default';
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const sentOptions = (body: Body): Record<string, unknown> => {
  if (body.kind === 'bytes' && body.bytes.length === 0) return {};
  const { value } = parseBody(body);
  if (value === null || value === undefined) return {};
  if (!isRecord(value)) throw badRequest('the body of a deletion is no DeleteOptions object');
  const kind = value['kind'];
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions')
    throw badRequest(`the body of a deletion is a ${String(kind)}, not DeleteOptions`);
  return value;
};

const queryOptions = (query: URLSearchParams): Record<string, unknown> => {
  const options: Record<string, unknown> = {};
  const propagation = query.get('propagationPolicy');
  if (propagation !== null && propagation !== '') options['propagationPolicy'] = propagation;
  const orphan = query.get('orphanDependents');
  if (orphan !== null && orphan !== '') options['orphanDependents'] = orphan === 'true';
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && /^-?\d+$/.test(grace)) options['gracePeriodSeconds'] = Number(grace);
  if (query.has('dryRun')) options['dryRun'] = query.getAll('dryRun');
  return options;
};
