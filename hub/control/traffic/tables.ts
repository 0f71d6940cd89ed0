/** @module Loss tables of all services: those that declare a demand share the limits of clusters, so that a change of one may be one of others. */
import type { Cluster } from '../../../shared/api/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { type LossRow, type ServedService, tablesOf, withWorstShed } from '../../../shared/traffic/index.ts';
import type { ServiceKey } from './answers.ts';

type Rows = readonly LossRow[];
type Entry = {
  readonly served: ServedService;
  readonly declared: ServedService;
  readonly pairs: readonly (readonly string[])[];
  readonly text: string;
};

/** Annotation of a Cluster: requests a second that all services together may put on it. */
export const clusterLimitAnnotation = 'hanse.dev/requests-per-second';

/** The limit that an operator set for a cluster; undefined = none, or not a whole number. */
export const limitOf = ({ metadata }: Pick<Cluster, 'metadata'>): number | undefined => {
  const text = metadata.annotations?.[clusterLimitAnnotation];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

/** The tables. */
export type LossTables = {
  /**
   * The service's tables; `shares` = it declares a demand, and so has a part in the clusters' limits. `declared`: the service by that demand,
   * where `served` is by measured use: what a loss leaves unserved is the worse of both.
   */
  readonly rowsOf: (
    service: ServiceKey,
    served: ServedService,
    pairs: readonly (readonly string[])[],
    shares: boolean,
    declared?: ServedService,
  ) => Rows;
  readonly forget: (service: ServiceKey) => void;
  readonly stop: () => void;
};

/** Changes are gathered for so long, and for so many times what the last making took: it must not keep the hub busy. */
const gatherMs = 300;
const restFactor = 20;

/** No tables. `limits` as they are now; `onMoved`: the service's tables are not what they were when they were asked for. */
export const createLossTables = (options: {
  readonly limits: () => ReadonlyMap<string, number>;
  readonly onMoved: (service: ServiceKey) => void;
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'setTimer'>;
}): LossTables => {
  const { limits, onMoved, env } = options;
  const sharing = new Map<ServiceKey, Entry>();
  /** Tables as they were last made or given, with what they were made from. */
  const given = new Map<ServiceKey, { readonly rows: Rows; readonly text: string; readonly clusters: string }>();
  let cancel: (() => void) | undefined;
  let tookMs = 0;
  const soon = (): void => {
    cancel ??= env.setTimer(Math.max(gatherMs, tookMs * restFactor), make);
  };
  const make = (): void => {
    cancel = undefined;
    const startedMs = env.monotonicMs();
    const caps = limits();
    const entries = [...sharing];
    const pairs = entries.flatMap(([, entry]) => entry.pairs);
    const made = (of: (entry: Entry) => ServedService) =>
      tablesOf(
        entries.map(([, entry]) => of(entry)),
        caps,
        pairs,
      );
    const rows = made(({ served }) => served);
    const peak = entries.some(([, { served, declared }]) => served !== declared) ? made(({ declared }) => declared) : undefined;
    const capsText = JSON.stringify([...caps]);
    for (const [service, entry] of entries) {
      const found = rows.get(service) ?? [];
      const next = peak === undefined ? found : withWorstShed(found, peak.get(service) ?? []);
      const isMoved = rowsText(given.get(service)?.rows) !== rowsText(next);
      given.set(service, { rows: next, text: entry.text + capsText, clusters: clustersOf(entry.served) });
      if (isMoved) onMoved(service);
    }
    tookMs = env.monotonicMs() - startedMs;
  };
  return {
    rowsOf: (service, served, pairs, shares, declared = served) => {
      const caps = limits();
      if (!shares || caps.size === 0) {
        if (sharing.delete(service)) soon();
        given.delete(service);
        return aloneOf(served, shares ? declared : served, pairs);
      }
      const entry = { served, declared, pairs, text: JSON.stringify([served, declared, pairs]) };
      const known = given.get(service);
      sharing.set(service, entry);
      if (known?.text === entry.text + JSON.stringify([...caps])) return known.rows;
      soon();
      // For so long the last tables hold, or, where other clusters serve it now, those of the service alone.
      if (known !== undefined && known.clusters === clustersOf(served)) return known.rows;
      const rows = aloneOf(served, declared, pairs);
      given.set(service, { rows, text: '', clusters: clustersOf(served) });
      return rows;
    },
    forget: (service) => {
      given.delete(service);
      if (sharing.delete(service)) soon();
    },
    stop: () => cancel?.(),
  };
};

/** Tables of one service that shares nothing. */
const aloneOf = (served: ServedService, declared: ServedService, pairs: readonly (readonly string[])[]): Rows => {
  const rowsOf = (one: ServedService): Rows => tablesOf([one], new Map(), pairs).get(one.name) ?? [];
  return served === declared ? rowsOf(served) : withWorstShed(rowsOf(served), rowsOf(declared));
};

const clustersOf = ({ clusters }: ServedService): string => clusters.map(({ cluster }) => cluster).join();

const rowsText = (rows: Rows | undefined): string =>
  JSON.stringify((rows ?? []).map(({ lost, weights, shed }) => [lost, [...weights], shed]));
