/** @module Terms that tie nodes together against placing pods one by one in every order, on random small clusters. */
import { expect, it } from 'vitest';
import { prng } from '../lib/index.ts';
import { fitDump } from './fit-dump.ts';

const cases = 4_000;

type Node = { name: string; labels: Record<string, string>; room: number; present: number; tainted: boolean };
type Rules = { spread: { key: string; maxSkew: number; minDomains: number; taints: boolean }[]; apart: string[]; together: string[] };

const randomCase = (seed: number): { nodes: Node[]; rules: Rules } => {
  const random = prng(seed, 'together');
  const upTo = (most: number): number => Math.floor(random.next() * (most + 1));
  const nodes = Array.from(
    { length: 2 + upTo(2) },
    (_, at): Node => ({
      name: `n${at}`,
      labels: { host: `n${at}`, zone: `z${upTo(1)}`, ...(upTo(4) > 0 ? { rack: `r${upTo(1)}` } : {}) },
      room: upTo(3),
      present: upTo(5) === 0 ? 1 + upTo(1) : 0,
      tainted: upTo(6) === 0,
    }),
  );
  const keys = ['host', 'zone', 'rack'];
  const some = (odds: number): string[] => keys.filter(() => upTo(odds) === 0);
  return {
    nodes,
    rules: {
      spread: some(2).map((key) => ({ key, maxSkew: 1 + upTo(1), minDomains: 1 + (upTo(4) === 0 ? upTo(2) : 0), taints: upTo(2) === 0 })),
      apart: upTo(2) === 0 ? some(3) : [],
      together: upTo(3) === 0 ? some(2) : [],
    },
  };
};

/** Lowest and highest number over all orders: the filters as they are written, pod by pod. */
const reference = ({ nodes, rules }: { nodes: Node[]; rules: Rules }): { lowest: number; highest: number } => {
  const may = (placed: readonly number[], at: number): boolean => {
    const node = nodes[at] as Node;
    const podsOn = (index: number): number => (nodes[index]?.present ?? 0) + (placed[index] ?? 0);
    if (node.tainted || (placed[at] ?? 0) >= node.room) return false;
    const inDomain = (key: string, value: string | undefined): number =>
      nodes.reduce((sum, other, index) => (other.labels[key] === value ? sum + podsOn(index) : sum), 0);
    for (const key of rules.apart) if (node.labels[key] !== undefined && inDomain(key, node.labels[key]) > 0) return false;
    if (rules.together.length > 0) {
      if (rules.together.some((key) => node.labels[key] === undefined)) return false;
      const anyPod = nodes.some((other, index) => podsOn(index) > 0 && rules.together.some((key) => other.labels[key] !== undefined));
      if (anyPod && rules.together.some((key) => inDomain(key, node.labels[key]) === 0)) return false;
    }
    for (const { key, maxSkew, minDomains, taints } of rules.spread) {
      if (node.labels[key] === undefined) return false;
      const counted = nodes.flatMap((other, index) =>
        rules.spread.every((rule) => other.labels[rule.key] !== undefined) && !(taints && other.tainted) ? [index] : [],
      );
      const domains = new Map<string, number>();
      for (const index of counted) {
        const value = nodes[index]?.labels[key] ?? '';
        domains.set(value, (domains.get(value) ?? 0) + podsOn(index));
      }
      const least = domains.size < minDomains ? 0 : Math.min(...domains.values());
      if ((domains.get(node.labels[key] ?? '') ?? 0) + 1 - least > maxSkew) return false;
    }
    return true;
  };
  const known = new Map<string, { lowest: number; highest: number }>();
  const walk = (placed: readonly number[]): { lowest: number; highest: number } => {
    const key = placed.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const next = nodes.flatMap((_, at) =>
      may(placed, at) ? [walk(placed.map((count, index) => (index === at ? count + 1 : count)))] : [],
    );
    const answer =
      next.length === 0
        ? { lowest: 0, highest: 0 }
        : { lowest: 1 + Math.min(...next.map(({ lowest }) => lowest)), highest: 1 + Math.max(...next.map(({ highest }) => highest)) };
    known.set(key, answer);
    return answer;
  };
  return walk(nodes.map(() => 0));
};

const labelSelector = { matchLabels: { app: 'x' } };
const answerOf = ({ nodes, rules }: { nodes: Node[]; rules: Rules }): { total: number; exact: boolean } => {
  const objects = nodes.flatMap((node) => [
    {
      kind: 'Node',
      metadata: { name: node.name, labels: node.labels },
      spec: { taints: node.tainted ? [{ key: 't', effect: 'NoSchedule' }] : [] },
      status: { allocatable: { pods: String(node.room + node.present) } },
    },
    ...Array.from({ length: node.present }, (_, at) => ({
      kind: 'Pod',
      metadata: { name: `${node.name}-${at}`, labels: { app: 'x' } },
      spec: { nodeName: node.name, containers: [{}] },
    })),
  ]);
  const terms = (keys: string[]): object => ({
    requiredDuringSchedulingIgnoredDuringExecution: keys.map((topologyKey) => ({ topologyKey, labelSelector })),
  });
  const pod = {
    kind: 'Pod',
    metadata: { labels: { app: 'x' } },
    spec: {
      containers: [{}],
      topologySpreadConstraints: rules.spread.map(({ key, maxSkew, minDomains, taints }) => ({
        topologyKey: key,
        maxSkew,
        minDomains,
        whenUnsatisfiable: 'DoNotSchedule',
        nodeTaintsPolicy: taints ? 'Honor' : 'Ignore',
        labelSelector,
      })),
      affinity: { podAntiAffinity: terms(rules.apart), podAffinity: terms(rules.together) },
    },
  };
  const answer = fitDump(objects, pod);
  if (!answer.ok) throw new Error(answer.message);
  return { total: Number(answer.value.total), exact: answer.value.exact };
};

it(`comes to rest where every order does, or says the lowest: ${cases} random clusters`, { timeout: 120_000 }, () => {
  let exact = 0;
  let shy = 0;
  for (let seed = 1; seed <= cases; seed++) {
    const one = randomCase(seed);
    const { lowest, highest } = reference(one);
    const { total, exact: isExact } = answerOf(one);
    const told = `seed ${seed}: ${JSON.stringify(one)}`;
    if (isExact) expect({ lowest, highest }, told).toEqual({ lowest: total, highest: total });
    else expect(total, told).toBeLessThanOrEqual(lowest);
    if (isExact) exact += 1;
    else if (lowest === highest) shy += 1;
  }
  process.stdout.write(
    `together against reference: ${cases} clusters, ${exact} exact, ${cases - exact} estimates, of which ${shy} where all orders agree\n`,
  );
  expect(shy).toBeLessThan(cases / 100);
});
