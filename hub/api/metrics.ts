/** @module `/metrics`: what the API, the journal and the audit log have done, under the names that Kubernetes dashboards know. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type RequestInfo, requestInfo } from '../../shared/kube/server/request-info.ts';
import type { Store } from '../../shared/kube/storage/index.ts';
import type { AuditFigures } from './audit/index.ts';

/** Seconds; the upper buckets are those that the API's service levels are stated in. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Where the figures come from; each is read when the page is asked for. */
export type MetricsOptions = {
  readonly store: Pick<Store, 'revision' | 'floor' | 'count'>;
  readonly audit: () => AuditFigures;
  /** Journal figures that only some drivers have. */
  readonly journal?: () => { readonly queuedWrites: number; readonly liveObjects: number };
  /** Whether a resource is served: names that nobody serves share one label, so that strangers cannot make up endless ones. */
  readonly isServed: (group: string, version: string, resource: string) => boolean;
};

/** What an observer has refused of one sender for one reason. */
type MeshRefusals = { readonly observer: string; readonly cluster: string; readonly reason: string; readonly count: number };

/** The page and what feeds it. */
export type Metrics = {
  /** For the parts of the hub that add figures of their own. */
  readonly registry: Registry;
  readonly requestDone: (request: { method: string; url: string; code: number; tookMs: number }) => void;
  readonly watcherCut: () => void;
  /** Counts what was refused on the bus, by `cluster/reason`; read when the page is asked for. */
  readonly countRefusals: (read: () => ReadonlyMap<string, number>) => void;
  /** Counts what hub and agents refused of each other's beats, votes and datagrams; read when the page is asked for. */
  readonly countMeshRefusals: (read: () => readonly MeshRefusals[]) => void;
  /** The same store, its open watches counted. */
  readonly countingWatches: (store: Store) => Store;
  /** The text in the Prometheus format. */
  readonly text: () => Promise<string>;
};

/** A registry of its own, so that two hubs in one process (tests) do not mix. */
export const createMetrics = (options: MetricsOptions): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const labels = ['verb', 'group', 'version', 'resource', 'subresource'] as const;
  const requests = new Counter({ name: 'apiserver_request_total', help: 'Requests answered.', labelNames: [...labels, 'code'], registers });
  const durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time to the answer; watches are left out.',
    labelNames: ['verb', 'group', 'resource', 'subresource'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const cut = new Counter({ name: 'hanse_watchers_cut_total', help: 'Watches broken off because their reader was too slow.', registers });
  declareGauges(options, registry);

  const requestDone: Metrics['requestDone'] = ({ method, url, code, tookMs }) => {
    const { pathname, searchParams } = new URL(url);
    const { verb, group, version, resource, subresource } = labelsOf(requestInfo(method, pathname, searchParams), options.isServed);
    requests.inc({ verb, group, version, resource, subresource, code: String(code) });
    if (verb !== 'WATCH') durations.observe({ verb, group, resource, subresource }, tookMs / 1000);
  };
  const watches = new Gauge({ name: 'hanse_watches', help: 'Open watches, those of the hub itself among them.', registers });
  const countingWatches: Metrics['countingWatches'] = (store) => ({
    ...store,
    watch: (prefix, from, sink) => {
      const stop = store.watch(prefix, from, sink);
      watches.inc();
      let open = true;
      return () => {
        if (open) watches.dec();
        open = false;
        stop();
      };
    },
  });
  const countRefusals: Metrics['countRefusals'] = (read) => {
    new Counter({
      name: 'hanse_bus_refusals_total',
      help: 'Messages of agents that were refused since the start, by the cluster that they came from and why.',
      labelNames: ['cluster', 'reason'],
      registers,
      collect() {
        this.reset();
        for (const [key, count] of read()) {
          const at = key.lastIndexOf('/');
          this.inc({ cluster: key.slice(0, at), reason: key.slice(at + 1) }, count);
        }
      },
    });
  };
  const countMeshRefusals: Metrics['countMeshRefusals'] = (read) => {
    new Counter({
      name: 'hanse_mesh_refusals_total',
      help: 'Beats, votes and datagrams that an observer has refused since its start, by the cluster that they said to be of (@strangers: none of the members) and why.',
      labelNames: ['observer', 'cluster', 'reason'],
      registers,
      collect() {
        // What agents tell: names that are told no more are not kept, and counts begin at 0 again with an agent.
        this.reset();
        for (const { count, ...of } of read()) this.inc(of, count);
      },
    });
  };
  return {
    registry,
    countMeshRefusals,
    countRefusals,
    requestDone,
    watcherCut: () => cut.inc(),
    countingWatches,
    text: () => registry.metrics(),
  };
};

/** Gauges read their source when they are scraped. */
const declareGauges = ({ store, audit, journal }: MetricsOptions, registry: Registry): void => {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('hanse_journal_revision', 'Newest revision that reads see.', store.revision);
  gauge('hanse_journal_floor', 'Oldest revision a watch can resume from.', store.floor);
  gauge('hanse_objects', 'Live objects.', () => store.count(''));
  gauge('hanse_audit_lines_written', 'Audit lines on disk since the start.', () => audit().written);
  gauge('hanse_audit_lines_lost', 'Audit lines that could not be written since the start.', () => audit().lost);
  if (journal !== undefined) gauge('hanse_journal_queued_writes', 'Writes that wait for the disk.', () => journal().queuedWrites);
};

const labelsOf = (
  info: RequestInfo,
  isServed: MetricsOptions['isServed'],
): Pick<RequestInfo, 'verb' | 'group' | 'version' | 'resource' | 'subresource'> => {
  const none = { group: '', version: '', resource: '', subresource: '' };
  const verb = knownVerbs.has(info.verb) ? info.verb.toUpperCase() : 'OTHER';
  if (!info.isResource || !isServed(info.group, info.version, info.resource)) return { ...none, verb };
  const { group, version, resource, subresource } = info;
  return { verb, group, version, resource, subresource: knownSubresources.has(subresource) ? subresource : '' };
};

const knownVerbs = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'post',
  'put',
  'head',
  'options',
]);
const knownSubresources = new Set(['status', 'scale', 'finalize', 'binding', 'token', 'approval', 'eviction', 'log', 'exec']);
