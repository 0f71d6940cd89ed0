/** @module DeleteOptions, from the body or the query, checked. */
import { notSupported } from '../names/index.ts';
import { conform, isObject } from '../schema/index.ts';
import type { StatusCause } from '../status-error.ts';
import type { Body, Call } from './call.ts';
import type { ServerContext } from './context.ts';
import { parseBody, typeMetaFault } from './decode.ts';
import { badRequest, invalidOptions } from './errors.ts';
import { booleanOf, dryRunFaults, integerOf } from './options-query.ts';

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
const DELETE_OPTIONS = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

/** Reads the options of a deletion; throws 400 or 422. A body says all: the query is read only without one. */
export const deletePlan = (server: ServerContext, call: Call, body: Body): DeletePlan => {
  const isSilent = body.kind === 'bytes' && body.bytes.length === 0;
  const { propagationPolicy, orphanDependents, gracePeriodSeconds, preconditions, dryRun } = isSilent
    ? queryOptions(call.query)
    : sentOptions(server, body);
  const causes: StatusCause[] = [];
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    const why = `Invalid value: ${JSON.stringify(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`;
    causes.push({ reason: 'FieldValueInvalid', message: why, field: 'propagationPolicy' });
  }
  if (propagationPolicy !== undefined && !POLICIES.some((policy) => policy === propagationPolicy)) {
    causes.push(notSupported('propagationPolicy', String(propagationPolicy), [...POLICIES, 'nil']));
  }
  const dryRuns = Array.isArray(dryRun) ? dryRun.map(String) : [];
  causes.push(...dryRunFaults(dryRuns));
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes, 'meta.k8s.io');
  const bound = isObject(preconditions) ? preconditions : {};
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

type SentOptions = {
  readonly propagationPolicy?: unknown;
  readonly orphanDependents?: unknown;
  readonly gracePeriodSeconds?: unknown;
  readonly preconditions?: unknown;
  readonly dryRun?: unknown;
};

const sentOptions = (server: ServerContext, body: Body): SentOptions => {
  const unreadable = (why: string) => badRequest(`couldn't get version/kind; json parse error: ${why}`);
  const { value } = parseBody(body, false, unreadable);
  const unread = typeMetaFault(value);
  if (unread !== undefined) throw unreadable(unread);
  if (!isObject(value)) return {};
  const { kind, apiVersion } = value;
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions')
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion ?? '')}: DeleteOptions are wanted`,
    );
  const { object, fault } = conform(server.schemas().node(DELETE_OPTIONS), value);
  if (fault !== undefined) throw badRequest(fault);
  return object;
};

const queryOptions = (query: URLSearchParams): SentOptions => {
  const propagationPolicy = query.get('propagationPolicy') ?? undefined;
  const orphan = query.get('orphanDependents');
  return {
    propagationPolicy,
    orphanDependents: orphan === null ? undefined : booleanOf(orphan),
    gracePeriodSeconds: integerOf(query, 'gracePeriodSeconds'),
    dryRun: query.has('dryRun') ? query.getAll('dryRun') : undefined,
  };
};
