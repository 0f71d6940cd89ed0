/** @module Which of the pods that wait gets a place. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { type Controller, resources, type View } from '../controller.ts';
import type { Node, Pod } from '../objects.ts';
import { schedulerController } from './scheduler.ts';

const node = (name: string, cores: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { allocatable: { cpu: String(cores), pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] },
});

type Asked = {
  readonly cores: number;
  readonly priority?: number;
  readonly made?: number;
  readonly nominated?: string;
  readonly on?: string;
};

const pod = (name: string, { cores, priority, made = 0, nominated, on }: Asked): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', creationTimestamp: `2030-01-01T00:00:0${made}Z` },
  spec: {
    containers: [{ name: 'c', image: 'c:1', resources: { requests: { cpu: String(cores) } } }],
    ...(priority === undefined ? {} : { priority }),
    ...(on === undefined ? {} : { nodeName: on }),
  },
  status: { phase: 'Pending', ...(nominated === undefined ? {} : { nominatedNodeName: nominated }) },
});

const viewOf = (nodes: readonly Node[], pods: readonly Pod[]): View => ({
  get: () => undefined,
  list: <T extends KubeObject>(type: { readonly resource: string }) =>
    (type.resource === resources.pods.resource ? pods : nodes) as readonly KubeObject[] as readonly T[],
  owned: () => [],
});

const boundOf = (nodes: readonly Node[], pods: Readonly<Record<string, Asked>>): readonly string[] => {
  const view = viewOf(
    nodes,
    Object.entries(pods).map(([name, asked]) => pod(name, asked)),
  );
  const { actions }: ReturnType<Controller['reconcile']> = schedulerController.reconcile(view, 'all', 'pods', 0);
  return actions.flatMap((action) => (action.do === 'bind' ? [`${action.pod} ${action.node}`] : []));
};

describe("the playground's scheduler", () => {
  it.each<[string, readonly Node[], Readonly<Record<string, Asked>>, readonly string[]]>([
    [
      'the highest priority, whatever its name and age',
      [node('a', 4)],
      { a: { cores: 4 }, b: { cores: 4, priority: 5, made: 3 } },
      ['b a'],
    ],
    ['of equal priority the oldest', [node('a', 4)], { a: { cores: 4, made: 2 }, b: { cores: 4, made: 1 } }, ['b a']],
    [
      'one of lower priority where the higher one finds no room',
      [node('a', 4)],
      { a: { cores: 5, priority: 5 }, b: { cores: 4 } },
      ['b a'],
    ],
    [
      'nobody of lower priority on what a higher one is nominated for',
      [node('a', 4), node('b', 1)],
      { gold: { cores: 3, priority: 5, nominated: 'a' }, old: { cores: 3, on: 'a' }, small: { cores: 1 }, other: { cores: 1, made: 1 } },
      ['small b'],
    ],
    [
      'one of higher priority on what a lower one is nominated for',
      [node('a', 4)],
      { gold: { cores: 4, priority: 5, nominated: 'a' }, top: { cores: 4, priority: 9 } },
      ['top a'],
    ],
    [
      'one on the node that is nominated for it, though another has more room, and on the other where it does not fit',
      [node('a', 4), node('b', 8)],
      { gold: { cores: 3, priority: 5, nominated: 'a' }, late: { cores: 3, priority: 4, nominated: 'a' } },
      ['gold a', 'late b'],
    ],
  ])('binds %s', (_rule, nodes, pods, expected) => {
    expect(boundOf(nodes, pods)).toEqual(expected);
  });
});
