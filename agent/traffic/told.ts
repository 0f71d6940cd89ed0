/** @module What the hub is told of a service: what the cluster offers of it, what of the record is in force here, and who gets no requests. */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { type ServiceReport, type StatusItem, type TrafficAnswer, type TrafficRecord, trafficRef } from '../../shared/wire/index.ts';
import { idOfService, type RecordBook } from './book.ts';
import type { MemberView } from './member/index.ts';
import { reportOf } from './report.ts';
import type { Standing } from './standing.ts';
import type { ServiceUse } from './use-of-pods.ts';

/** What it is told from. */
export type ToldFrom = {
  readonly cluster: string;
  readonly env: RuntimeEnv;
  readonly view: MemberView;
  readonly book: RecordBook;
  readonly standing: Pick<Standing, 'away' | 'told'>;
  /** Epoch of the record that is written in full; undefined = none is. */
  readonly appliedEpoch: (service: string) => number | undefined;
  /** What could not be done of it. */
  readonly lacksOf: (service: string) => readonly string[];
  /** What is measured of its pods. */
  readonly useOf: (service: string) => ServiceUse;
  /** The hub was told of it before. */
  readonly hasTold: (service: string) => boolean;
};

/** What a cluster may lack is told up to so many. */
const lacksMax = 32;

/** Makes what there is to say of a service; undefined = nothing, or not yet. */
export const createTold = (from: ToldFrom): ((service: string) => StatusItem | undefined) => {
  const { cluster, env, view, book, standing } = from;

  const reportFor = (service: string, record: TrafficRecord | undefined): ServiceReport | undefined => {
    const own = view.exports().get(service);
    if (own === undefined && record?.spec.wanted !== true) return undefined;
    const gateway = record?.spec.gateway;
    const addresses = gateway === undefined ? undefined : (view.gateway(gateway) ?? []);
    return reportOf(own, view.service(service), view.slicesOf(service), addresses, from.useOf(service));
  };
  const awayFor = (service: string, { spec }: TrafficRecord): NonNullable<TrafficAnswer['applied']>['away'] => {
    const percents = standing.told(service, spec);
    const others = standing
      .away()
      .unreachable.filter((name) => spec.sources.some((source) => source.name === name) && !percents.some((one) => one.cluster === name));
    return [...percents, ...others.map((name) => ({ cluster: name, why: 'not reached from here', percent: 0 }))];
  };
  const answerFor = (service: string, record: TrafficRecord | undefined, report: ServiceReport | undefined): TrafficAnswer => ({
    ...(report === undefined ? {} : { report }),
    ...(record === undefined
      ? {}
      : {
          applied: {
            epoch: from.appliedEpoch(service) ?? 0,
            away: awayFor(service, record),
            lacks: [...new Set(from.lacksOf(service))].slice(0, lacksMax),
          },
        }),
  });

  return (service) => {
    const [namespace = '', name = ''] = service.split('/');
    const record = book.records.get(service);
    const report = reportFor(service, record);
    const isNothing = record === undefined && report === undefined;
    // Nothing of it may be left before it is said to be gone.
    if (isNothing && (view.ownOf(service).length > 0 || !(book.withdrawn.has(service) || from.hasTold(service)))) return undefined;
    return {
      v: 1,
      cluster,
      id: idOfService(service),
      seq: book.epochOf(service),
      ref: trafficRef(namespace, name),
      phase: isNothing ? 'Withdrawn' : 'Applied',
      status: { ...answerFor(service, record, report) },
      observedAtMs: env.nowMs(),
    };
  };
};
