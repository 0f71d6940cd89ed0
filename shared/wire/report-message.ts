/** @module The capacity report on the wire: bytes of the pure codec with the shape of every keyed fact checked. The rims compress. */
import { decodeReport, encodeReport, type FactSection, type FactsPatch, factSections } from '../capacity/index.ts';
import { bool, type Check, freeObject, integer, list, map, oneOf, record, text } from './check.ts';
import type { ReportMessage } from './messages.ts';

const count = integer(0);
const labels = (max: number): Check => map(text(253), max);
const amounts = map(integer(), 1_000);

const gpu = record(
  {
    vendor: oneOf('nvidia', 'amd', 'intel', 'other'),
    product: text(256),
    memoryMiB: count,
    count,
    sharing: record({ kind: oneOf('exclusive', 'timeSlicing', 'mps', 'mig', 'vgpu'), replicas: count }),
  },
  { migStrategy: oneOf('single', 'mixed'), migProfiles: map(count, 64), clique: text(256) },
);

const numa = record(
  {
    policy: oneOf('none', 'best-effort', 'restricted', 'single-numa-node'),
    scope: oneOf('container', 'pod'),
    cpuManager: oneOf('none', 'static'),
    memoryManager: oneOf('None', 'Static'),
    options: list(text(128), 64),
    zones: list(record({ id: count, total: list(integer(), 1_000) }), 64),
  },
  {
    guessed: list(oneOf('policy', 'scope', 'cpuManager', 'memoryManager'), 4),
    threadsPerCore: count,
    distances: list(list(count, 64), 64),
  },
);

const taints = list(record({ key: text(317, 1), value: text(253), effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') }), 256);

const group = record(
  {
    labels: labels(1_000),
    taints,
    ready: bool,
    unschedulable: bool,
    allocatable: list(integer(), 1_000),
    runtimeHandlers: list(text(253), 256),
  },
  {
    gpu,
    numa,
    topologyDoubt: oneOf('unread', 'unsure'),
    devices: list(record({ type: text(256), memoryMiB: count, cores: count, slots: count, numa: integer(-1), mode: text(64) }), 64),
    devicesUntold: count,
  },
);

const draValue: Check = (value, path) =>
  typeof value === 'boolean' || Number.isSafeInteger(value) || (typeof value === 'string' && value.length <= 256)
    ? undefined
    : `${path} must be a text, a whole number, or true or false`;

const facts: { readonly [S in FactSection]: Check } = {
  meta: (value, path) => (path.endsWith('.complete') ? bool(value, path) : list(text(512), 256)(value, path)),
  groups: group,
  podKinds: record({
    namespace: text(63),
    labels: labels(1_000),
    ports: list(record({ ip: text(64), protocol: text(16), port: count }), 10_000),
    antiAffinity: list(freeObject, 256),
  }),
  podSets: list(list(count, 3), 10_000),
  works: text(200, 1),
  workSets: list(list(count, 3), 10_000),
  pending: record({ count, since: integer(), requests: amounts }),
  runtimeClasses: record({ handler: text(253), overhead: amounts, nodeSelector: labels(100) }, { tolerations: list(freeObject, 256) }),
  networks: record({}, { resource: text(317) }),
  acks: count,
  present: record({ bound: count, pending: count }),
  quotas: record({ free: amounts, scopes: list(text(512), 16) }),
  potential: record({ labels: labels(1_000), taints }, { allocatable: amounts, maxExtraNodes: count, maxExtra: amounts }),
  draKinds: record({
    driver: text(253),
    classes: list(text(253), 1_000),
    attributes: map(draValue, 64),
    capacity: map(integer(), 64),
    consumes: map(count, 1_024),
    shared: bool,
  }),
  draPools: record(
    { devices: list(record({ kind: count, total: count, free: integer() }), 10_000), counters: map(integer(), 10_000) },
    { nodeTerms: list(freeObject, 64) },
  ),
  gpuUse: record(
    { gpus: count },
    {
      utilizationPercent: count,
      memoryUsedMiB: count,
      memoryTotalMiB: count,
      temperatureMaxCelsius: integer(),
      powerWatts: count,
      xid: map(count, 256),
    },
  ),
};

/** Most entries of a section in one message. */
const entriesMax: { readonly [S in FactSection]?: number } = {
  groups: 20_000,
  works: 50_000,
  acks: 50_000,
  present: 50_000,
  pending: 100_000,
};
const entriesMaxElse = 20_000;
const idSections: ReadonlySet<string> = new Set(['groups', 'podKinds', 'podSets', 'works', 'workSets', 'draKinds']);
const keyBytesMax = 600;

const isSection = (name: string): name is FactSection => factSections.some((section) => section === name);

/** The first fault of keyed facts. Sections of a newer agent are passed over by the reader, so they are here. */
const factsFault = ({ set, drop }: FactsPatch): string | undefined => {
  const shape =
    map(
      map((): undefined => undefined, 200_000),
      64,
    )(set, 'facts.set') ?? map(list(text(keyBytesMax), 200_000), 64)(drop, 'facts.drop');
  if (shape !== undefined) return shape;
  for (const [section, entries] of Object.entries(set)) {
    if (!isSection(section)) continue;
    const keys = Object.keys(entries);
    const max = entriesMax[section] ?? entriesMaxElse;
    if (keys.length > max) return `facts.${section} has ${keys.length} entries, at most ${max} are allowed`;
    for (const key of keys) {
      if (key.length > keyBytesMax) return `facts.${section} has a key of more than ${keyBytesMax} characters`;
      if (idSections.has(section) && !/^\d{1,9}$/.test(key)) return `facts.${section} has a key that is no number`;
      const fault = facts[section](entries[key], `facts.${section}.${key.slice(0, 64)}`);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
};

/** Bytes of a report message, not compressed. */
export const writeReportMessage = ({ cluster, bootId, report }: ReportMessage): Uint8Array => encodeReport({ cluster, bootId, report });

/** The message that bytes hold, or why they hold none. */
export const readReportMessage = (
  bytes: Uint8Array,
):
  | { readonly ok: true; readonly value: ReportMessage }
  | { readonly ok: false; readonly reason: 'UnknownVersion' | 'Malformed'; readonly message: string } => {
  const decoded = decodeReport(bytes, factsFault);
  if (decoded.ok) return { ok: true, value: { v: 1, ...decoded.value } };
  const reason = decoded.reason === 'UnknownFormat' ? 'UnknownVersion' : decoded.reason;
  return { ok: false, reason, message: `report: ${decoded.message}` };
};
