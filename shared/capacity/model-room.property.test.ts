/** @module The ledger over a dump against every binding that a scheduler may choose: exact only where all of them agree, never above the least. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDump } from './dump.ts';
import { flatten } from './dump-objects.ts';
import { fitModel } from './exact-fit.ts';
import { scoredNode } from './model-deal.ts';
import { createModelRoom, wholeNodesOf } from './model-room.ts';
import { withPods } from './model-take.ts';
import type { ClusterModel } from './node.ts';
import { type PodShape, podShapeOf } from './pod-shape.ts';
import { bindingRules } from './scheduler-score.ts';

const hostname = 'kubernetes.io/hostname';

/** What a shape asks besides amounts. */
type Ask = 'plain' | 'host' | 'notHost' | 'zone' | 'port' | 'apart' | 'apartZone' | 'spreadHost' | 'spreadZone' | 'beside' | 'apartOther';
type NodeCase = { readonly cpu: number; readonly memory: number; readonly zone: string; readonly runs: 'nothing' | 'port' | 'web' | 'shy' };
type ShapeCase = { readonly ask: Ask; readonly cpu: number; readonly memory: number; readonly app: string };

const selector = (app: string) => ({ matchLabels: { app } });
const term = (app: string, topologyKey: string) => ({ topologyKey, labelSelector: selector(app) });
const onHost = (operator: string, ...values: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator, values }] }] },
    },
  },
});
const away = (app: string, key: string) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, key)] } },
});
const spread = (app: string, topologyKey: string) => ({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector(app) }],
});

const fieldsOf = ({ ask, app }: ShapeCase): object => {
  const fields: Record<Ask, object> = {
    plain: {},
    port: {},
    host: onHost('In', 'n0'),
    notHost: onHost('NotIn', 'n0'),
    zone: { nodeSelector: { zone: 'x' } },
    apart: away(app, hostname),
    apartZone: away(app, 'zone'),
    apartOther: away('web', hostname),
    spreadHost: spread(app, hostname),
    spreadZone: spread(app, 'zone'),
    beside: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('web', hostname)] } } },
  };
  return fields[ask];
};

const shapeOf = (one: ShapeCase): PodShape => {
  const ports = one.ask === 'port' ? { ports: [{ containerPort: 80, hostPort: 80 }] } : {};
  const requests = { cpu: `${one.cpu}m`, ...(one.memory > 0 ? { memory: `${one.memory}Mi` } : {}) };
  return podShapeOf(
    { containers: [{ name: 'a', image: 'b', resources: { requests }, ...ports }], ...fieldsOf(one) },
    { labels: { app: one.app } },
  );
};

const runs: Record<NodeCase['runs'], object | undefined> = {
  nothing: undefined,
  port: { labels: { app: 'old' }, spec: { containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 80, hostPort: 80 }] }] } },
  web: { labels: { app: 'web' }, spec: { containers: [{ name: 'a', image: 'b' }] } },
  shy: { labels: { app: 'shy' }, spec: { containers: [{ name: 'a', image: 'b' }], ...away('one', hostname) } },
};

const dumpOf = (nodes: readonly NodeCase[]): unknown[] =>
  nodes.flatMap(({ cpu, memory, zone, runs: kind }, at) => {
    const pod = runs[kind] as { labels: object; spec: object } | undefined;
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `n${at}`, labels: { [hostname]: `n${at}`, zone } },
      status: { allocatable: { cpu: `${cpu}m`, memory: `${memory}Mi`, pods: '110' } },
    };
    const there = pod && {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${at}`, namespace: 'default', labels: pod.labels },
      spec: { nodeName: `n${at}`, ...pod.spec },
    };
    return there === undefined ? [node] : [node, there];
  });

type State = {
  readonly cluster: ClusterModel;
  readonly hidden: ReadonlyMap<number, { cpu: number; memory: number }>;
  readonly text: string;
};

/** Every cluster that pods bound one after the other may come to, each on any of the nodes with the best score, under each score. */
const endsOf = (
  model: ClusterModel,
  whole: ReturnType<typeof wholeNodesOf>,
  shapes: readonly (readonly [PodShape, number])[],
): ClusterModel[] => {
  const ends = new Map<string, ClusterModel>();
  for (const score of new Set(bindingRules.map((rule) => rule.score))) {
    let states: State[] = [{ cluster: model, hidden: new Map(), text: '' }];
    for (const [{ demand }, count] of shapes) {
      for (let pod = 0; pod < count; pod++) {
        const next = new Map<string, State>();
        for (const { cluster, hidden, text } of states) {
          const open = cluster.nodes.flatMap(({ name }, at) => {
            if (fitModel(cluster, { ...demand, nodeName: name }).total === 0n) return [];
            return [{ at, score: score(scoredNode({ nodes: cluster.nodes, demand, whole, hidden }, at, 1)) }];
          });
          const best = Math.max(...open.map((one) => one.score));
          for (const { at } of open.filter((one) => one.score === best)) {
            const nodes = cluster.nodes.map((node, place) => (place === at ? withPods(node, demand, 1n) : node));
            const memory = demand.requests.has('memory') ? 0 : 200 * 1_048_576;
            const more = new Map(hidden).set(at, { cpu: 0, memory: (hidden.get(at)?.memory ?? 0) + memory });
            const told = [...text.split(' '), `${at}${demand.labels.app}`].sort().join(' ');
            next.set(told, { cluster: { ...cluster, nodes }, hidden: more, text: told });
          }
          if (open.length === 0) next.set(text, { cluster, hidden, text });
        }
        states = [...next.values()];
      }
    }
    for (const { cluster, text } of states) ends.set(text, cluster);
  }
  return [...ends.values()];
};

const asks: readonly Ask[] = [
  'plain',
  'host',
  'notHost',
  'zone',
  'port',
  'apart',
  'apartZone',
  'spreadHost',
  'spreadZone',
  'beside',
  'apartOther',
];
const nodeCases = fc.record<NodeCase>({
  cpu: fc.constantFrom(2000, 2000, 2000, 3000, 16_000),
  memory: fc.constantFrom(4096, 4096, 8192),
  zone: fc.constantFrom('x', 'x', 'y'),
  runs: fc.constantFrom('nothing', 'nothing', 'nothing', 'port', 'web', 'shy'),
});
const shapeCases = (app: string) =>
  fc.record<ShapeCase>({
    ask: fc.constantFrom<Ask>('plain', 'plain', ...asks),
    cpu: fc.constantFrom(100, 500, 1000, 1500),
    memory: fc.constantFrom(0, 512, 1024),
    app: fc.constant(app),
  });
const clusters = fc.oneof(
  fc.tuple(nodeCases, fc.integer({ min: 2, max: 4 })).map(([node, count]) => new Array<NodeCase>(count).fill({ ...node, runs: 'nothing' })),
  fc
    .tuple(nodeCases, fc.array(fc.constantFrom<NodeCase['runs']>('nothing', 'port', 'web', 'shy'), { minLength: 2, maxLength: 4 }))
    .map(([node, list]) => list.map((kind): NodeCase => ({ ...node, runs: kind }))),
  fc.array(nodeCases, { minLength: 2, maxLength: 3 }),
);

const roomOf = (nodes: readonly NodeCase[]) => {
  const [dump, objects] = [readDump(dumpOf(nodes)), flatten(dumpOf(nodes))];
  if (!dump.ok || !objects.ok) throw new Error('the dump must be readable');
  const whole = wholeNodesOf(objects.value);
  return { model: dump.value.cluster, whole, room: createModelRoom(dump.value.cluster, whole) };
};

describe('the ledger over a dump', () => {
  it('tells exact counts only where every binding of what is on its way agrees, and no count above the least', () => {
    const seen = { exact: 0, estimates: 0, needless: 0 };
    fc.assert(
      fc.property(
        clusters,
        fc.array(fc.tuple(fc.constantFrom('one', 'web'), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 2 }),
        shapeCases('one'),
        shapeCases('web'),
        shapeCases('two'),
        fc.boolean(),
        (nodes, held, one, web, two, again) => {
          const { model, whole, room } = roomOf(nodes);
          const shapes = held.map(([name, count]) => [shapeOf(name === 'one' ? one : web), count] as const);
          for (const [shape, count] of shapes) room.assume({ shape, count });
          const last = shapeOf(again ? one : two);
          const told = room.fit(last);
          const all = endsOf(model, whole, shapes).map((cluster) => fitModel(cluster, last.demand));
          const counts = all.map(({ total }) => Number(total));
          const agree = new Set(counts).size === 1;
          expect(told.count).toBeLessThanOrEqual(Math.min(...counts));
          if (told.exact) expect([...new Set(counts)]).toEqual([told.count]);
          if (told.exact) seen.exact += 1;
          else if (agree && all.every(({ exact }) => exact)) seen.needless += 1;
          else seen.estimates += 1;
        },
      ),
      { numRuns: 1_000 },
    );
    console.log(`ledger against all bindings: ${seen.exact} exact, ${seen.estimates} estimates, ${seen.needless} where all agree`);
    expect(seen.exact).toBeGreaterThan(500);
  });
});
