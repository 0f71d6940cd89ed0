/** @module GPUs of a dump's node that HAMi shares, with what its pods hold of them, and what of either is not known. */
import type { HeldPod } from './dump-pods.ts';
import type { NodeModel } from './node.ts';
import { hamiRegister, type RegisteredGpu, readRegister } from './vgpu-register.ts';
import { isTold, untoldIn, withUse } from './vgpu-use.ts';

/** Letters of an annotation that a message shows. */
const shownMax = 120;
const shown = (text: string): string => JSON.stringify(text.length > shownMax ? `${text.slice(0, shownMax)}…` : text);

/** The shared GPUs of a node; `pods` are those that it holds. */
export const sharedGpusOf = (
  annotations: Readonly<Record<string, string>>,
  pods: readonly HeldPod[],
  name: string,
): Pick<NodeModel, 'sharedGpus' | 'untoldGpus' | 'gpuDoubts'> => {
  const register = readRegister(annotations);
  if (register === undefined) return { sharedGpus: undefined };
  const { gpus } = register;
  const holds = pods.map((pod) => holdOf(pod, gpus));
  const where = `Node ${name}: metadata.annotations[${hamiRegister}]`;
  const doubts = [
    ...register.unread.map((record) => `${where}: ${shown(record)} cannot be read; it counts as no GPU`),
    ...holds.flatMap((hold) => hold.doubts),
  ];
  const untold = holds.reduce((sum, hold) => sum + hold.untold, 0);
  return {
    sharedGpus: withUse(
      gpus,
      pods.flatMap(({ vgpus }) => vgpus?.uses ?? []),
    ),
    ...(untold === 0 ? {} : { untoldGpus: untold }),
    ...(doubts.length === 0 ? {} : { gpuDoubts: doubts }),
  };
};

/** GPUs that a pod holds and that it does not name among these, and what is wrong with what it says. */
const holdOf = (
  { vgpus, requests, label }: HeldPod,
  gpus: readonly RegisteredGpu[],
): { readonly untold: number; readonly doubts: string[] } => {
  const asked = Number(requests.get('nvidia.com/gpu') ?? 0n);
  const uses = vgpus?.uses ?? [];
  const untold = untoldIn(gpus, uses, asked);
  if (vgpus === undefined || uses.length === 0)
    return { untold, doubts: asked === 0 ? [] : [`Pod ${label}: does not say which shared GPUs it holds`] };
  const known = new Set(gpus.map(({ id }) => id));
  const where = `Pod ${label}: metadata.annotations[${vgpus.annotation}]`;
  const doubts = uses.flatMap((use) => {
    if (!known.has(use.id)) return [`${where}: ${shown(use.text)} names no GPU of its node; it may hold any of them`];
    return isTold(use) ? [] : [`${where}: ${shown(use.text)} does not say how much it holds; the GPU counts as full`];
  });
  if (uses.length < asked) doubts.push(`${where}: ${shown(vgpus.text)} names ${uses.length} of the ${asked} GPUs it holds`);
  return { untold, doubts };
};
