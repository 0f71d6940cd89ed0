/**
 * @module Measures what the pods of services use, where the member serves metrics.k8s.io (metrics-server), namespace by namespace, and tells it
 * when it moved or was not told for a while.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { useLimits } from '../../shared/traffic/index.ts';
import type { ServedApi } from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import { type ServiceUse, useOfPods } from './use-of-pods.ts';

/** A service, `namespace/name`, and the labels of its pods. */
export type SelectedPods = { readonly service: string; readonly selector: Readonly<Record<string, string>> };

/** What it is built from. */
export type UsageOptions = {
  readonly client: Pick<KubeClient, 'list'>;
  readonly env: RuntimeEnv;
  /** Services whose use somebody wants to know. */
  readonly services: () => readonly SelectedPods[];
  /** There is something else to tell of the service. */
  readonly onChange: (service: string) => void;
};

/** The measuring. */
export type Usage = {
  /** Nothing is asked while metrics.k8s.io is not among them. */
  readonly setServed: (apis: readonly ServedApi[]) => void;
  /** What there is to tell of the service now; empty = unknown. */
  readonly of: (service: string) => ServiceUse;
  readonly stop: () => void;
};

/** From the end of a round to the next: no namespace is asked more often. */
const roundEveryMs = 15_000;
/** A use that did not move is told again so often, so that it does not become old. */
const tellEveryMs = 60_000;
/** A namespace that may not be read, or cannot be, is tried again after so long. */
const refusedMs = 300_000;
/** Namespaces asked in one round; the others have their turn in the next ones. */
const namespacesMax = 100;
/** All namespaces have one metrics server: one failure ends a round, and rounds come later, so that the breaker of the API server stays shut. */
const failedBackoff = { baseMs: 30_000, maxMs: refusedMs };

const pods = { version: 'v1', resource: 'pods' } as const;
const metricsVersion = { group: 'metrics.k8s.io', version: 'v1beta1' } as const;
const metricsGroupVersion = `${metricsVersion.group}/${metricsVersion.version}`;

const namespaceOf = (service: string): string => service.slice(0, service.indexOf('/'));
const selectorText = (selector: SelectedPods['selector']): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .sort(compareText)
    .join(',');
const selects = (selector: SelectedPods['selector'], { metadata }: KubeObject): boolean =>
  Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);

/** Whether it is news after what was told: another reason, a step, or the same after a while. */
const isNews = (told: ServiceUse, found: ServiceUse): boolean => {
  if (told.use === undefined || found.use === undefined) return told.use !== found.use || told.unmeasured !== found.unmeasured;
  const moved = Math.abs(found.use.cpuPerMille - told.use.cpuPerMille);
  return moved >= useLimits.stepPerMille || found.use.atMs - told.use.atMs >= tellEveryMs;
};

const unknown: ServiceUse = {};

/** Starts; nothing is asked before `setServed`. */
export const measureUsage = ({ client, env, services, onChange }: UsageOptions): Usage => {
  const told = new Map<string, ServiceUse>();
  /** Namespaces that are left alone, and until when. */
  const refused = new Map<string, number>();
  let last = '';
  let failures = 0;
  let isServed = false;
  let isRunning = false;
  let stopped = false;
  let cancel: (() => void) | undefined;

  const isOld = ({ use }: ServiceUse): boolean => use !== undefined && env.nowMs() - use.atMs > useLimits.ageMaxMs;
  const drop = (service: string): void => {
    if (told.delete(service)) onChange(service);
  };
  const set = (service: string, found: ServiceUse): void => {
    const before = told.get(service);
    if (found.use === undefined && found.unmeasured === undefined) {
      // Nothing was measured this time: what was holds until it is old.
      if (before?.use === undefined || isOld(before)) drop(service);
    } else if (before === undefined || isNews(before, found)) {
      told.set(service, found);
      onChange(service);
    }
  };

  /** Asks for one namespace: by the labels of its service, or for all pods where several want to know. */
  const measure = async (namespace: string, wanted: readonly SelectedPods[]): Promise<void> => {
    const [only] = wanted;
    const labelSelector = wanted.length === 1 && only !== undefined ? { labelSelector: selectorText(only.selector) } : {};
    const used = await client.list({ ...metricsVersion, resource: 'pods', namespace, ...labelSelector });
    // As the API server's cache has them.
    const found = await client.list({ group: '', ...pods, namespace, ...labelSelector }, { resourceVersion: '0' });
    if (stopped || !isServed) return;
    for (const { service, selector } of wanted)
      set(
        service,
        useOfPods(
          found.items.filter((pod) => selects(selector, pod)),
          used.items,
          env.nowMs(),
        ),
      );
  };
  /** True when the next namespace may be asked. */
  const ask = async (namespace: string, wanted: readonly SelectedPods[]): Promise<boolean> => {
    try {
      await measure(namespace, wanted);
      failures = 0;
      return true;
    } catch (error) {
      const { status, reason } = failureOf(error);
      const isRefusal = (status >= 400 && status < 500 && status !== 429) || reason === 'TooLarge';
      for (const { service } of wanted) set(service, status === 403 ? { unmeasured: 'Forbidden' } : unknown);
      if (isRefusal) refused.set(namespace, env.monotonicMs() + refusedMs);
      else failures += 1;
      return isRefusal;
    }
  };
  /** Namespaces whose turn it is, after the one that was asked last. */
  const turn = (wanted: ReadonlyMap<string, readonly SelectedPods[]>): string[] => {
    const names = [...wanted.keys()].sort(compareText);
    const from = names.findIndex((name) => name > last);
    const ordered = from < 0 ? names : [...names.slice(from), ...names.slice(0, from)];
    return ordered.filter((name) => (refused.get(name) ?? Number.NEGATIVE_INFINITY) <= env.monotonicMs()).slice(0, namespacesMax);
  };
  const round = async (): Promise<void> => {
    cancel = undefined;
    isRunning = true;
    const wanted = Map.groupBy(
      services().filter(({ selector }) => Object.keys(selector).length > 0),
      ({ service }) => namespaceOf(service),
    );
    for (const namespace of refused.keys()) if (!wanted.has(namespace)) refused.delete(namespace);
    for (const namespace of turn(wanted)) {
      if (stopped || !isServed) break;
      last = namespace;
      if (!(await ask(namespace, wanted.get(namespace) ?? []))) break;
    }
    isRunning = false;
    const of = new Set([...wanted.values()].flatMap((all) => all.map(({ service }) => service)));
    for (const [service, use] of told) if (!of.has(service) || isOld(use)) drop(service);
    arm(failures === 0 ? roundEveryMs : backoffMs(failures - 1, failedBackoff, env.random));
  };
  const arm = (delayMs: number): void => {
    if (stopped || !isServed || isRunning) return;
    cancel ??= env.setTimer(delayMs, () => void round());
  };

  return {
    setServed: (apis) => {
      isServed = apis.some(({ groupVersion, resource }) => groupVersion === metricsGroupVersion && resource === 'pods');
      arm(roundEveryMs);
      if (isServed) return;
      cancel?.();
      cancel = undefined;
      refused.clear();
      for (const service of [...told.keys()]) drop(service);
    },
    of: (service) => {
      const use = told.get(service);
      return use === undefined || isOld(use) ? unknown : use;
    },
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
};
