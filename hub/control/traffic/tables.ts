/** @module Loss tables of all services: those that declare a demand share the limits of clusters, so that a change of one may be one of others. */
import type { Cluster } from '../../../shared/api/index.ts';
import { type ServedService, tablesOf } from '../../../shared/traffic/index.ts';
import type { ServiceKey } from './answers.ts';

type Rows = NonNullable<ReturnType<ReturnType<typeof tablesOf>['get']>>;
type Entry = { readonly served: ServedService; readonly pairs: readonly (readonly string[])[]; readonly text: string };

/** Annotation of a Cluster: requests a second that all services together may put on it. */
export const clusterLimitAnnotation = 'hanse.dev/requests-per-second';

/** The limit that an operator set for a cluster; undefined = none, or not a whole number. */
export const limitOf = ({ metadata }: Pick<Cluster, 'metadata'>): number | undefined => {
  const text = metadata.annotations?.[clusterLimitAnnotation];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

/** The tables. */
export type LossTables = {
  /** The service's tables; `shares` = it declares a demand, and so has a part in the clusters' limits. */
  readonly rowsOf: (service: ServiceKey, served: ServedService, pairs: readonly (readonly string[])[], shares: boolean) => Rows;
  readonly forget: (service: ServiceKey) => void;
};

/** No tables. `limits` as they are now; `onMoved`: another service's tables are not what they were. */
export const createLossTables = (limits: () => ReadonlyMap<string, number>, onMoved: (service: ServiceKey) => void): LossTables => {
  const sharing = new Map<ServiceKey, Entry>();
  let rows = new Map<string, Rows>();
  let madeFrom = '';
  const made = (): ReadonlyMap<string, Rows> => {
    const caps = limits();
    const text = JSON.stringify([[...caps], [...sharing.values()].map((entry) => entry.text)]);
    if (text === madeFrom) return rows;
    const before = rows;
    madeFrom = text;
    const pairs = [...sharing.values()].flatMap((entry) => entry.pairs);
    rows = tablesOf(
      [...sharing.values()].map(({ served }) => served),
      caps,
      pairs,
    );
    for (const [service, next] of rows) if (!sameRows(before.get(service), next)) onMoved(service);
    return rows;
  };
  return {
    rowsOf: (service, served, pairs, shares) => {
      if (!shares || limits().size === 0) {
        sharing.delete(service);
        return tablesOf([served], new Map(), pairs).get(served.name) ?? [];
      }
      sharing.set(service, { served, pairs, text: JSON.stringify([served, pairs]) });
      return made().get(service) ?? [];
    },
    forget: (service) => {
      if (sharing.delete(service)) made();
    },
  };
};

const rowsText = (rows: Rows | undefined): string =>
  JSON.stringify((rows ?? []).map(({ lost, weights, shed }) => [lost, [...weights], shed]));
const sameRows = (a: Rows | undefined, b: Rows): boolean => rowsText(a) === rowsText(b);
