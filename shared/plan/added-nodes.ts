/** @module Nodes that a cluster does not have yet: read, and put beside those of a dump or of a report. */
import type { CapacityReport, NodeGroup, NodeTaint, Read } from '../capacity/index.ts';
import { canonicalFloor, exactAmounts } from '../capacity/pod-request.ts';
import { amountsFault } from '../capacity/quantities.ts';

/** Nodes of one kind to add to a cluster. */
export type AddedNodes = {
  readonly cluster: string;
  readonly count: number;
  /** Allocatable of one, as Kubernetes quantities; {@link podsDefault} pods unless it says otherwise. */
  readonly resources: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly NodeTaint[];
};

/** Nodes that may be added at once. */
export const addedNodesMax = 10_000;

/** The kubelet's own default of `maxPods`. */
const podsDefault = '110';

const effects: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const form = 'write it as CLUSTER=COUNTxcpu=16,memory=64Gi[,nvidia.com/gpu=4][,label:KEY=VALUE][,taint:KEY=VALUE:EFFECT]';

type Parts = { resources: Record<string, string>; labels: Record<string, string>; taints: NodeTaint[] };

/** Takes one part in; answers what is wrong with it. */
const takePart = (part: string, into: Parts): string | undefined => {
  const label = part.startsWith('label:');
  const taint = part.startsWith('taint:');
  const rest = label || taint ? part.slice(6) : part;
  const at = rest.indexOf('=');
  if (at <= 0) return `${JSON.stringify(part)} is no KEY=VALUE`;
  const [key, value] = [rest.slice(0, at), rest.slice(at + 1)];
  if (label) into.labels[key] = value;
  else if (taint) {
    const [text = '', effect = ''] = value.split(':');
    if (!effects.includes(effect)) return `the effect of taint ${key} is one of ${effects.join(', ')}`;
    into.taints.push({ key, value: text, effect: effect as NodeTaint['effect'] });
  } else into.resources[key] = value;
  return undefined;
};

/** `east=3xcpu=16,memory=64Gi,label:disk=ssd` in its parts. */
export const parseAddedNodes = (text: string): Read<AddedNodes> => {
  const [, cluster = '', digits = '', rest = ''] = /^([^=]+)=(\d{1,6})x(.+)$/.exec(text) ?? [];
  if (cluster === '') return { ok: false, message: `--add-nodes ${text}: ${form}` };
  const parts: Parts = { resources: {}, labels: {}, taints: [] };
  for (const part of rest.split(',')) {
    const fault = takePart(part, parts);
    if (fault !== undefined) return { ok: false, message: `--add-nodes ${text}: ${fault}; ${form}` };
  }
  const added: AddedNodes = { cluster, count: Number(digits), ...parts };
  const fault = addedNodesFault(added, `--add-nodes ${text}`);
  return fault === undefined ? { ok: true, value: added } : { ok: false, message: fault };
};

/** What is wrong with added nodes; `path` names where they stand. */
export const addedNodesFault = ({ count, resources }: AddedNodes, path: string): string | undefined => {
  if (!Number.isSafeInteger(count) || count < 1 || count > addedNodesMax) return `${path}: a count from 1 to ${addedNodesMax} is wanted`;
  if (Object.keys(resources).length === 0) return `${path}: say what a node has, such as cpu=16,memory=64Gi`;
  return amountsFault(withPods(resources), path);
};

const withPods = (resources: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({ pods: podsDefault, ...resources });

const nameOf = (at: number, number: number): string => `added-${at}-${number}`;

/** The nodes as objects of a dump; `at` tells the nodes of several additions apart. */
export const addedNodeObjects = (added: readonly AddedNodes[], at = 0): object[] =>
  added.flatMap(({ count, resources, labels = {}, taints = [] }, index) =>
    Array.from({ length: count }, (_, number) => {
      const name = nameOf(at + index, number);
      const allocatable = withPods(resources);
      return {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
        spec: { taints },
        status: { allocatable, capacity: allocatable },
      };
    }),
  );

/** The report with one kind of nodes more. Amounts that cannot be read count as none: see {@link addedNodesFault}. */
const withOneKind = (report: CapacityReport, { count, resources, labels = {}, taints = [] }: AddedNodes, at: number): CapacityReport => {
  const amounts = new Map([...exactAmounts(withPods(resources))].map(([resource, nanos]) => [resource, canonicalFloor(resource, nanos)]));
  const own = [...amounts.keys()].filter((resource) => resource !== 'pods' && !report.resourceNames.includes(resource));
  const resourceNames = [...report.resourceNames, ...own];
  const id = Math.max(-1, ...report.groups.map((group) => group.id)) + 1;
  const allocatable = resourceNames.map((resource) => amounts.get(resource) ?? 0);
  const group: NodeGroup = { id, labels, taints, ready: true, unschedulable: false, allocatable, runtimeHandlers: [] };
  const { nodes } = report;
  const silent = own.map(() => -1);
  const known = report.groups.map((other) => ({
    ...other,
    allocatable: [...other.allocatable, ...own.map(() => 0)],
    ...(other.numa === undefined
      ? {}
      : { numa: { ...other.numa, zones: other.numa.zones.map((zone) => ({ ...zone, total: [...zone.total, ...silent] })) } }),
  }));
  const many = <T>(value: T): T[] => new Array<T>(count).fill(value);
  const padded = (row: readonly number[] | undefined): readonly number[] => row ?? new Array<number>(nodes.names.length).fill(0);
  return {
    ...report,
    resourceNames,
    groups: [...known, group],
    nodes: {
      names: [...nodes.names, ...Array.from({ length: count }, (_, number) => nameOf(at, number))],
      group: [...nodes.group, ...many(id)],
      podsFree: [...nodes.podsFree, ...many(amounts.get('pods') ?? 0)],
      free: resourceNames.map((_, resource) => [...padded(nodes.free[resource]), ...many(allocatable[resource] ?? 0)]),
      ...(nodes.zoneFree === undefined
        ? {}
        : {
            zoneFree: nodes.zoneFree.map((zone) =>
              resourceNames.map((_, resource) => [...(zone[resource] ?? unknown(nodes.names.length)), ...many(-1)]),
            ),
          }),
      ...(nodes.deviceFree === undefined
        ? {}
        : {
            deviceFree: nodes.deviceFree.map(({ slots, memoryMiB, cores }) => ({
              slots: [...slots, ...many(-1)],
              memoryMiB: [...memoryMiB, ...many(-1)],
              cores: [...cores, ...many(-1)],
            })),
          }),
      ...(nodes.podSet === undefined ? {} : { podSet: [...nodes.podSet, ...many(0)] }),
    },
  };
};

const unknown = (nodes: number): number[] => new Array<number>(nodes).fill(-1);

/** The report with these nodes beside its own. */
export const withAddedNodes = (report: CapacityReport, added: readonly AddedNodes[]): CapacityReport => added.reduce(withOneKind, report);
