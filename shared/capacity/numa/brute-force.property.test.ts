/**
 * @module The fit of one node against a slow reference of the kubelet on random small nodes: 2,000 by default; all 20,000 with
 * `HANSE_FIT_CASES=20000 npm test -- shared/capacity/numa`.
 */
import { expect, it } from 'vitest';
import { prng } from '../../lib/index.ts';
import { fitDump } from '../fit-dump.ts';
import { podObject, zonedNode } from '../testing-dump.ts';
import { type ReferenceCase, referenceCount } from '../testing-kubelet.ts';

const cases = Number(process.env.HANSE_FIT_CASES ?? 2_000);

const randomCase = (seed: number): ReferenceCase => {
  const random = prng(seed, 'fit');
  const upTo = (most: number): number => Math.floor(random.next() * (most + 1));
  const pick = <T>(items: readonly T[]): T => items[upTo(items.length - 1)] as T;
  const policy = pick(['none', 'best-effort', 'restricted', 'single-numa-node'] as const);
  const staticMemory = upTo(2) === 0;
  const threads = upTo(4) === 0 ? 2 : 1;
  const zones = Array.from({ length: 1 + upTo(2) }, () => {
    const cpus = threads * upTo(threads === 2 ? 3 : 6);
    const gpus = upTo(3);
    const memory = 4 + upTo(8);
    const full = upTo(1) === 0;
    const free = (amount: number): number => (full ? amount : upTo(amount));
    return {
      cpus,
      freeCpus: threads * free(cpus / threads),
      gpus,
      freeGpus: free(gpus),
      memory,
      freeMemory: upTo(2) > 0 ? memory : free(memory),
    };
  });
  const roles =
    upTo(2) > 0
      ? (['app'] as const)
      : pick([
          ['init', 'app'],
          ['sidecar', 'app'],
          ['app', 'app'],
          ['init', 'sidecar', 'app'],
        ] as const);
  const wide = upTo(2) === 0;
  return {
    policy,
    scope: pick(['container', 'pod'] as const),
    staticCpus: upTo(4) > 0,
    staticMemory,
    threads,
    guaranteed: upTo(5) > 0,
    zones,
    containers: roles.map((role) => ({
      role,
      cpuMilli:
        upTo(6) === 0 ? 500 + 1000 * upTo(1) : 1000 * threads * (1 + upTo(wide ? 4 : 2)) - (upTo(9) === 0 && threads === 2 ? 1000 : 0),
      gpus: upTo(1) * upTo(wide ? 4 : 2),
      memory: 1 + upTo(wide ? 14 : 5),
    })),
    podsFree: 5,
  };
};

const answerOf = (one: ReferenceCase): { total: number; exact: boolean } => {
  const objects = zonedNode(
    'n',
    one.zones.map((zone) => ({
      cpu: zone.cpus,
      freeCpu: zone.freeCpus,
      gpu: zone.gpus,
      freeGpu: zone.freeGpus,
      memoryGi: zone.memory,
      freeMemoryGi: zone.freeMemory,
    })),
    {
      policy: one.policy,
      scope: one.scope,
      cpuManager: one.staticCpus ? 'static' : 'none',
      memoryManager: one.staticMemory ? 'Static' : 'None',
      ...(one.threads === 1 ? {} : { cpuOptions: 'full-pcpus-only=true', threadsPerCore: one.threads }),
    },
    one.podsFree,
  );
  const pod = podObject(
    one.containers.map(({ role, cpuMilli, gpus, memory }) => ({
      role,
      cpu: `${cpuMilli}m`,
      memory: `${memory}Gi`,
      ...(gpus === 0 ? {} : { gpu: gpus }),
      burstable: !one.guaranteed,
    })),
  );
  const answer = fitDump(objects, pod);
  if (!answer.ok) throw new Error(answer.message);
  return { total: Number(answer.value.total), exact: answer.value.exact };
};

it(`says exact only what every choice of the kubelet gives, and never more than the lowest: ${cases} random nodes`, {
  timeout: 300_000,
}, () => {
  let exact = 0;
  let shy = 0;
  let low = 0;
  let positive = 0;
  for (let seed = 1; seed <= cases; seed++) {
    const one = randomCase(seed);
    const { lowest, highest } = referenceCount(one.threads === 1 || one.staticCpus ? one : { ...one, threads: 1 });
    const { total, exact: isExact } = answerOf(one);
    const told = `seed ${seed}: says ${total}${isExact ? ' exactly' : ''}, reference ${lowest}..${highest}: ${JSON.stringify(one)}`;
    if (isExact) {
      expect({ lowest, highest }, told).toEqual({ lowest: total, highest: total });
      exact += 1;
    } else {
      expect(total, told).toBeLessThanOrEqual(lowest);
      if (lowest === highest) shy += 1;
      if (total < lowest) low += 1;
    }
    if (lowest > 0) positive += 1;
  }
  process.stdout.write(
    `fit against reference: ${cases} nodes (${positive} hold some), ${exact} exact, ${cases - exact} estimates, of which ${shy} where all choices agree and ${low} below the lowest\n`,
  );
  expect(shy).toBeLessThan(cases / 100);
});
