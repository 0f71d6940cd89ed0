/**
 * @module A slow reference of the kubelet's managers for tests, written from the rules (facts `capacity.md` §2.1) and sharing no code with the
 * fit: one pod at a time, every combination of hints merged one by one, every choice of the kubelet's tried to its end.
 */

/** One container; cpu in milli, memory in any unit. */
export type ReferenceContainer = {
  readonly role: 'init' | 'sidecar' | 'app';
  readonly cpuMilli: number;
  readonly gpus: number;
  readonly memory: number;
};
/** One zone: totals and what is free. */
export type ReferenceZone = {
  readonly cpus: number;
  readonly freeCpus: number;
  readonly gpus: number;
  readonly freeGpus: number;
  readonly memory: number;
  readonly freeMemory: number;
};
/** A node, a shape and how the managers are set. */
export type ReferenceCase = {
  readonly policy: 'none' | 'best-effort' | 'restricted' | 'single-numa-node';
  readonly scope: 'container' | 'pod';
  readonly staticCpus: boolean;
  readonly staticMemory: boolean;
  /** 1, or the threads of a core under full-pcpus-only. */
  readonly threads: number;
  readonly guaranteed: boolean;
  readonly zones: readonly ReferenceZone[];
  readonly containers: readonly ReferenceContainer[];
  readonly podsFree: number;
};

type World = { cpu: number[]; gpu: number[]; memory: number[]; cells: number[] };
type Pod = World & { cpuAgain: number[]; gpuAgain: number[]; memoryAgain: Record<number, number> };
type Want = { cpu: number; gpu: number; memory: number };
type Hint = { mask: number; preferred: boolean } | { mask: undefined; preferred: boolean };

const bits = (mask: number): number[] => [0, 1, 2, 3].filter((zone) => (mask & (1 << zone)) !== 0);
const total = (amounts: readonly number[], mask: number): number => bits(mask).reduce((sum, zone) => sum + (amounts[zone] ?? 0), 0);
const copy = (pod: Pod): Pod => structuredClone(pod);

/** Lowest and highest number of replicas over all choices. */
export const referenceCount = (one: ReferenceCase): { readonly lowest: number; readonly highest: number } => {
  const zoneCount = one.zones.length;
  const masks = Array.from({ length: 2 ** zoneCount - 1 }, (_, at) => at + 1).sort((a, b) => bits(a).length - bits(b).length || a - b);
  const every = 2 ** zoneCount - 1;
  const wants = one.containers.map(
    (container): Want => ({
      cpu: one.guaranteed && one.staticCpus && container.cpuMilli % 1000 === 0 ? container.cpuMilli / 1000 : 0,
      gpu: container.gpus,
      memory: one.guaranteed && one.staticMemory ? container.memory : 0,
    }),
  );
  const peak = (of: (want: Want) => number): number => {
    let sidecars = 0;
    let init = 0;
    let running = 0;
    one.containers.forEach(({ role }, at) => {
      const amount = of(wants[at] ?? { cpu: 0, gpu: 0, memory: 0 });
      if (role === 'sidecar') sidecars += amount;
      if (role === 'init') init = Math.max(init, sidecars + amount);
      else running += amount;
    });
    return Math.max(init, running);
  };
  const whole: Want = { cpu: peak((want) => want.cpu), gpu: peak((want) => want.gpu), memory: peak((want) => want.memory) };

  const widthOf = (amounts: readonly number[], request: number): number => {
    let width = zoneCount;
    for (const mask of masks) if (total(amounts, mask) >= request && bits(mask).length < width) width = bits(mask).length;
    return width;
  };
  const counted = (amounts: number[], free: number[], again: number[], request: number): Hint[] => {
    const width = widthOf(amounts, request);
    const mustHave = again.reduce((mask, amount, zone) => (amount > 0 ? mask | (1 << zone) : mask), 0);
    return masks
      .filter((mask) => (mask & mustHave) === mustHave && total(free, mask) + total(again, mask) >= request)
      .map((mask) => ({ mask, preferred: bits(mask).length === width }));
  };
  const memoryTotals = one.zones.map((zone) => zone.memory);
  const memoryHints = (pod: Pod, request: number): { mask: number; preferred: boolean }[] => {
    const width = widthOf(memoryTotals, request);
    return masks
      .filter((mask) => {
        const zones = bits(mask);
        if (total(memoryTotals, mask) < request) return false;
        if (zones.length === 1 && bits(pod.cells[zones[0] ?? 0] ?? 0).length > 1) return false;
        if (zones.length > 1 && zones.some((zone) => pod.cells[zone] !== 0 && pod.cells[zone] !== mask)) return false;
        return total(pod.memory, mask) + (pod.memoryAgain[mask] ?? 0) >= request;
      })
      .map((mask) => ({ mask, preferred: bits(mask).length === width }));
  };
  const lists = (pod: Pod, want: Want): Hint[][] => [
    ...(want.gpu > 0
      ? [
          counted(
            one.zones.map((zone) => zone.gpus),
            pod.gpu,
            pod.gpuAgain,
            want.gpu,
          ),
        ]
      : []),
    ...(want.cpu > 0
      ? [
          counted(
            one.zones.map((zone) => zone.cpus),
            pod.cpu,
            pod.cpuAgain,
            want.cpu,
          ),
        ]
      : []),
    ...(want.memory > 0 ? [memoryHints(pod, want.memory)] : []),
  ];

  /** The Topology Manager's merge: every permutation, compared one with the best so far. */
  const merge = (given: Hint[][]): { admit: boolean; mask: number; preferred: boolean } => {
    if (one.policy === 'none') return { admit: true, mask: -1, preferred: false };
    let hints = given.map((list): Hint[] => (list.length === 0 ? [{ mask: undefined, preferred: false }] : list));
    if (one.policy === 'single-numa-node') {
      hints = hints.map((list) => list.filter((hint) => hint.preferred && (hint.mask === undefined || bits(hint.mask).length === 1)));
    }
    const narrowest = hints.map((list) => Math.min(...list.map((hint) => (hint.mask === undefined ? 99 : bits(hint.mask).length))));
    const aim = Math.max(0, ...narrowest.filter((width) => width < 99));
    let permutations: Hint[][] = [[]];
    for (const list of hints) permutations = permutations.flatMap((start) => list.map((hint) => [...start, hint]));
    let best: { mask: number; preferred: boolean } | undefined;
    const narrower = (a: number, b: number): boolean => bits(a).length < bits(b).length || (bits(a).length === bits(b).length && a < b);
    for (const permutation of permutations) {
      const set = permutation.flatMap((hint) => (hint.mask === undefined ? [] : [hint.mask]));
      const mask = set.reduce((common, next) => common & next, every);
      const preferred = permutation.every((hint) => hint.preferred) && set.every((next) => next === set[0]);
      if (mask === 0) continue;
      const size = bits(mask).length;
      if (best === undefined) best = { mask, preferred };
      else if (preferred !== best.preferred) best = preferred ? { mask, preferred } : best;
      else if (preferred) best = narrower(mask, best.mask) ? { mask, preferred } : best;
      else {
        const now = bits(best.mask).length;
        let take: boolean;
        if (now > aim) take = narrower(mask, best.mask);
        else if (now === aim) take = size === aim && narrower(mask, best.mask);
        else if (size > aim) take = false;
        else if (size === aim) take = true;
        else take = size > now || (size === now && narrower(mask, best.mask));
        if (take) best = { mask, preferred };
      }
    }
    const found = best ?? { mask: every, preferred: false };
    return { ...found, admit: one.policy === 'best-effort' || found.preferred };
  };

  /** All multisets: one unit after the other, in the mask while it has any. */
  const units = (limits: readonly number[], mask: number, amount: number): number[][] => {
    let states: number[][] = [limits.map(() => 0)];
    for (let unit = 0; unit < amount; unit++) {
      const next = new Map<string, number[]>();
      for (const taken of states) {
        const open = limits.flatMap((limit, zone) => (limit > (taken[zone] ?? 0) ? [zone] : []));
        const near = open.filter((zone) => mask === -1 || (mask & (1 << zone)) !== 0);
        for (const zone of near.length > 0 ? near : open) {
          const more = taken.map((count, at) => (at === zone ? count + 1 : count));
          next.set(more.join(), more);
        }
      }
      states = [...next.values()];
    }
    return states;
  };

  type End = { pods: Pod[]; refused: boolean };
  const takeGpus = (pod: Pod, role: string, mask: number, amount: number): End => {
    const again = pod.gpuAgain.reduce((sum, count) => sum + count, 0);
    const reused = Math.min(again, amount);
    const pods = units(pod.gpuAgain, -1, reused).flatMap((old) =>
      units(pod.gpu, mask, amount - reused).map((fresh) => {
        const after = copy(pod);
        fresh.forEach((count, zone) => {
          after.gpu[zone] = (after.gpu[zone] ?? 0) - count;
          const kept = after.gpuAgain[zone] ?? 0;
          after.gpuAgain[zone] = role === 'init' ? kept + count : kept - (old[zone] ?? 0);
        });
        return after;
      }),
    );
    return { pods, refused: pods.length === 0 };
  };
  const takeCpus = (pod: Pod, role: string, mask: number, amount: number): End => {
    if (amount % one.threads !== 0) return { pods: [], refused: true };
    const whole = amount / one.threads;
    const limits = pod.cpu.map((free, zone) => Math.floor((free + (pod.cpuAgain[zone] ?? 0)) / one.threads));
    const pods: Pod[] = [];
    for (const cores of units(limits, mask, whole)) {
      let ways: number[][] = [[]];
      cores.forEach((count, zone) => {
        const taken = count * one.threads;
        const low = Math.max(0, taken - (pod.cpu[zone] ?? 0));
        const high = Math.min(taken, pod.cpuAgain[zone] ?? 0);
        ways = ways.flatMap((start) => Array.from({ length: high - low + 1 }, (_, step) => [...start, low + step]));
      });
      for (const reused of ways) {
        const after = copy(pod);
        cores.forEach((count, zone) => {
          const fresh = count * one.threads - (reused[zone] ?? 0);
          after.cpu[zone] = (after.cpu[zone] ?? 0) - fresh;
          const kept = after.cpuAgain[zone] ?? 0;
          after.cpuAgain[zone] = role === 'init' ? kept + fresh : kept - (reused[zone] ?? 0);
        });
        pods.push(after);
      }
    }
    const free = pod.cpu.reduce((sum, count) => sum + count, 0);
    return { pods, refused: pods.length === 0 || (one.threads > 1 && amount > free) };
  };
  const bestMemory = (hints: { mask: number; preferred: boolean }[]): { mask: number; preferred: boolean } | undefined =>
    [...hints.filter(({ preferred }) => preferred), ...hints.filter(({ preferred }) => !preferred)][0];
  const takeMemory = (pod: Pod, role: string, hint: { mask: number; preferred: boolean }, amount: number): End => {
    let chosen: { mask: number; preferred: boolean } | undefined = hint;
    if (hint.mask === -1) chosen = bestMemory(memoryHints(pod, amount));
    if (chosen === undefined) return { pods: [], refused: true };
    if (total(pod.memory, chosen.mask) < amount) {
      const { mask, preferred } = chosen;
      chosen = bestMemory(memoryHints(pod, amount).filter((wider) => (wider.mask & mask) === mask));
      if (chosen === undefined || (preferred && !chosen.preferred)) return { pods: [], refused: true };
    }
    const { mask } = chosen;
    const zones = bits(mask);
    if (zones.length > 1 && zones.some((zone) => pod.cells[zone] !== 0 && pod.cells[zone] !== mask)) return { pods: [], refused: true };
    const after = copy(pod);
    const again = after.memoryAgain[mask] ?? 0;
    let rest = Math.max(0, amount - again);
    for (const zone of zones) {
      after.cells[zone] = mask;
      const taken = Math.min(rest, after.memory[zone] ?? 0);
      after.memory[zone] = (after.memory[zone] ?? 0) - taken;
      rest -= taken;
    }
    after.memoryAgain[mask] = role === 'init' ? Math.max(again, amount) : Math.max(0, again - amount);
    return { pods: [after], refused: false };
  };
  const chain = (end: End, next: (pod: Pod) => End): End => {
    const ends = end.pods.map(next);
    return { pods: ends.flatMap(({ pods }) => pods), refused: end.refused || ends.some(({ refused }) => refused) };
  };
  const admit = (world: World): { worlds: World[]; refused: boolean } => {
    const nothing = (): number[] => one.zones.map(() => 0);
    const start: Pod = { ...world, cpuAgain: nothing(), gpuAgain: nothing(), memoryAgain: {} };
    const forPod = one.scope === 'pod' ? merge(lists(start, whole)) : undefined;
    if (forPod?.admit === false) return { worlds: [], refused: true };
    let end: End = { pods: [start], refused: false };
    one.containers.forEach(({ role }, at) => {
      const want = wants[at] ?? { cpu: 0, gpu: 0, memory: 0 };
      end = chain(end, (pod) => {
        const hint = forPod ?? merge(lists(pod, want));
        if (!hint.admit) return { pods: [], refused: true };
        let inner: End = { pods: [pod], refused: false };
        if (want.gpu > 0) inner = chain(inner, (next) => takeGpus(next, role, hint.mask, want.gpu));
        if (want.cpu > 0) inner = chain(inner, (next) => takeCpus(next, role, hint.mask, want.cpu));
        if (want.memory > 0) inner = chain(inner, (next) => takeMemory(next, role, hint, want.memory));
        return inner;
      });
    });
    return { worlds: end.pods.map(({ cpu, gpu, memory, cells }) => ({ cpu, gpu, memory, cells })), refused: end.refused };
  };

  const bound = nodeBound(one);
  const known = new Map<string, { lowest: number; highest: number }>();
  const count = (world: World, left: number): { lowest: number; highest: number } => {
    if (left === 0) return { lowest: 0, highest: 0 };
    const key = JSON.stringify([world, left]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const { worlds, refused } = admit(world);
    let lowest = refused ? 0 : Number.MAX_SAFE_INTEGER;
    let highest = 0;
    for (const next of worlds) {
      const further = count(next, left - 1);
      lowest = Math.min(lowest, 1 + further.lowest);
      highest = Math.max(highest, 1 + further.highest);
    }
    const answer = { lowest, highest };
    known.set(key, answer);
    return answer;
  };
  const first = {
    cpu: one.zones.map((zone) => zone.freeCpus),
    gpu: one.zones.map((zone) => zone.freeGpus),
    memory: one.zones.map((zone) => zone.freeMemory),
  };
  const answers = groupings(
    one,
    wants.some(({ memory }) => memory > 0),
  ).map((cells) => count({ ...first, cells }, bound));
  return { lowest: Math.min(...answers.map(({ lowest }) => lowest)), highest: Math.max(...answers.map(({ highest }) => highest)) };
};

/** What the scheduler allows: sums of free amounts, and pods. */
export const nodeBound = (one: ReferenceCase): number => {
  const request = (of: (container: ReferenceContainer) => number): number => {
    let sidecars = 0;
    let init = 0;
    let running = 0;
    for (const container of one.containers) {
      const amount = of(container);
      if (container.role === 'sidecar') sidecars += amount;
      if (container.role === 'init') init = Math.max(init, sidecars + amount);
      else running += amount;
    }
    return Math.max(init, running);
  };
  const free = (of: (zone: ReferenceZone) => number): number => one.zones.reduce((sum, zone) => sum + of(zone), 0);
  const fits = (amount: number, asked: number): number => (asked === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(amount / asked));
  return Math.min(
    one.podsFree,
    fits(
      free((zone) => zone.freeCpus) * 1000,
      request((container) => container.cpuMilli),
    ),
    fits(
      free((zone) => zone.freeGpus),
      request((container) => container.gpus),
    ),
    fits(
      free((zone) => zone.freeMemory),
      request((container) => container.memory),
    ),
  );
};

/** Every way in which zones may be bound together already: members agree, and each binding has a zone of which memory was given away. */
const groupings = (one: ReferenceCase, pins: boolean): number[][] => {
  const used = one.zones.map((zone) => zone.freeMemory < zone.memory);
  if (!pins || !used.includes(true)) return [one.zones.map(() => 0)];
  const zones = one.zones.length;
  let all: number[][] = [[]];
  for (let zone = 0; zone < zones; zone++) all = all.flatMap((start) => Array.from({ length: 2 ** zones }, (_, mask) => [...start, mask]));
  return all.filter((cells) =>
    cells.every((mask, zone) => {
      if (mask === 0) return used[zone] === false;
      const members = bits(mask);
      if (!members.includes(zone) || members.some((member) => cells[member] !== mask)) return false;
      if (one.policy === 'single-numa-node' && members.length > 1) return false;
      return members.some((member) => used[member]);
    }),
  );
};
