/** @module Why a count that the kubelet's managers bound is an estimate: settings of theirs that are not told. */
import type { PodDemand } from './demand.ts';
import type { NodeModel } from './node.ts';
import type { ZoneDoubt } from './numa/zone-count.ts';

const openWords: Readonly<Record<ZoneDoubt, string>> = {
  choice: "which zones a replica takes from is its kubelet's choice, and bears on the count",
  zones: 'so many zones are not counted for this policy',
  choices: 'its kubelet has more choices for so many containers and zones than are looked at',
};

/** Settings of a node's managers that are not known, and what else leaves the count of a demand open. */
export const kubeletDoubts = ({ name, kubelet }: NodeModel, demand: PodDemand, open?: ZoneDoubt): readonly string[] => {
  const { cpuManager, memoryManager, fullCoresOnly, threadsPerCore, skipsPodLevel, topologyPolicy, orElse = [] } = kubelet;
  const attributes = `NodeResourceTopology ${name}: attributes`;
  const version = `Node ${name}: status.nodeInfo.kubeletVersion`;
  return [
    ...(orElse.some((other) => other.topologyPolicy !== topologyPolicy) ? [`${attributes}: topologyManagerPolicy is not told`] : []),
    ...(cpuManager.length > 1 ? [`${attributes}: cpuManagerPolicy is not told as none or static`] : []),
    ...(memoryManager.length > 1 ? [`${attributes}: memoryManagerPolicy is not told as None or Static`] : []),
    ...(fullCoresOnly && threadsPerCore === undefined ? [`${attributes}: threadsPerCore is not told beside full-pcpus-only`] : []),
    ...(open === undefined ? [] : [`NodeResourceTopology ${name}: ${openWords[open]}`]),
    ...(demand.podLevel !== undefined && demand.guaranteed && skipsPodLevel !== true
      ? [`${version} does not tell whether its managers pin pods with spec.resources; before v1.36 they do not`]
      : []),
  ];
};
