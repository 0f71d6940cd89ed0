/**
 * @module Policies of a kubelet from its own configuration (`nodes/<name>/proxy/configz`, KEP-2862's narrower right is `nodes/configz`): read
 * only when the operator opted in. What it says wins over what is guessed from zones.
 */
import type { NumaFacts } from '../../shared/capacity/report.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { bagOf, textOf } from '../../shared/lib/fields.ts';

/** What is kept of a kubelet's configuration. */
export type KubeletFacts = Pick<NumaFacts, 'policy' | 'scope' | 'cpuManager' | 'memoryManager' | 'options'>;

const policies: readonly NumaFacts['policy'][] = ['none', 'best-effort', 'restricted', 'single-numa-node'];

/** The policies in an answer of `/configz`; undefined when it is none. */
export const kubeletFactsOf = (answer: unknown): KubeletFacts | undefined => {
  const config = bagOf(answer).kubeletconfig;
  if (typeof config !== 'object' || config === null) return undefined;
  const { topologyManagerPolicy, topologyManagerScope, cpuManagerPolicy, memoryManagerPolicy, ...rest } = bagOf(config);
  const options = ['cpuManagerPolicyOptions', 'topologyManagerPolicyOptions'].flatMap((field) =>
    Object.entries(bagOf(rest[field])).map(([name, value]) => `${name}=${String(value)}`),
  );
  return {
    policy: policies.find((policy) => policy === textOf(topologyManagerPolicy)) ?? 'none',
    scope: topologyManagerScope === 'pod' ? 'pod' : 'container',
    cpuManager: cpuManagerPolicy === 'static' ? 'static' : 'none',
    memoryManager: memoryManagerPolicy === 'Static' ? 'Static' : 'None',
    options: options.sort(compareText).slice(0, 64),
  };
};
