/** @module What happens in members: API servers, watches, foreign hands, nodes, endpoints. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Prng } from '../../../shared/lib/prng.ts';
import type { Member } from '../model/member-api.ts';
import { isUntainted, nodeObject, types } from '../model/member-runtime.ts';
import type { World } from '../world.ts';
import { downMs, memberOf, type Stage } from './stage.ts';
import { setApi, setReady } from './switches.ts';

/** API servers go down; watches break, or have to begin anew. */
export const brokenApis = (stage: Stage): void => {
  const { federation, faults, clusters, often, later } = stage;
  often('API down', faults.apiDownEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    setApi(stage, member, false);
    later(downMs(random, faults.downMs), 'API up', () => setApi(stage, member, true));
  });
  often('watch break', faults.watchBreakEveryMs, (random) => {
    const member = memberOf(federation, random.pick(clusters));
    if (random.chance(30)) member.store.compact();
    for (const end of [...member.openWatches]) if (random.chance(50)) end();
  });
};

/** Others change what is ours, and what it runs on. */
export const foreignHands = ({ world, federation, faults, clusters, often }: Stage): void => {
  often('drift', faults.driftEveryMs, (random) => drift(world, memberOf(federation, random.pick(clusters)), random));
  often('nodes', faults.nodeEveryMs, (random) => changeNodes(world, memberOf(federation, random.pick(clusters)), random));
};

/** Endpoints of the exported service come and go. */
export const changingEndpoints = (stage: Stage): void => {
  const { federation, faults, often } = stage;
  often('endpoints', faults.endpointsEveryMs, (random) => setReady(stage, random.pick(federation.exporters), random.below(4)));
};

/** A foreign hand on an object of ours. */
const drift = (world: World, member: Member, random: Prng): void => {
  const ours = member.store.list(types.deployments);
  if (ours.length === 0) return;
  const object = random.pick(ours);
  const { name, namespace = '' } = object.metadata;
  if (random.chance(30)) {
    world.say(`a foreign hand deletes ${name} in ${member.name}`);
    member.store.remove({ ...types.deployments, namespace, name });
    return;
  }
  const replicas = random.below(5);
  world.say(`a foreign hand scales ${name} in ${member.name} to ${replicas}`);
  const changed: KubeObject = { ...object, spec: { ...(object.spec as object), replicas } };
  member.store.put(types.deployments, changed);
};

/** Nodes come, go and are cordoned; foreign pods take room and leave. */
const changeNodes = (world: World, member: Member, random: Prng): void => {
  const nodes = member.store.list(types.nodes).filter(isUntainted);
  const foreign = member.store.list(types.pods).filter((pod) => pod.metadata.namespace === 'foreign');
  const turn = random.below(100_000);
  switch (random.below(5)) {
    case 0:
      if (nodes.length < 4) member.store.put(types.nodes, nodeObject(`n${turn}`, 1_000 * (1 + random.below(4)), {}));
      return;
    case 1: {
      if (nodes.length < 2) return;
      const node = random.pick(nodes);
      world.say(`node ${node.metadata.name} of ${member.name} is gone`);
      member.store.remove({ ...types.nodes, name: node.metadata.name });
      return;
    }
    case 2: {
      const node = random.pick(nodes);
      const { unschedulable = false } = node.spec as { unschedulable?: boolean };
      member.store.put(types.nodes, { ...node, spec: { unschedulable: !unschedulable } });
      return;
    }
    case 3: {
      const node = random.pick(nodes);
      member.store.put(types.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `foreign-${turn}`, namespace: 'foreign' },
        spec: {
          nodeName: node.metadata.name,
          containers: [{ name: 'x', resources: { requests: { cpu: `${100 * (1 + random.below(8))}m` } } }],
        },
        status: { phase: 'Running', ready: true },
      });
      return;
    }
    default:
      if (foreign.length > 0) member.store.remove({ ...types.pods, namespace: 'foreign', name: random.pick(foreign).metadata.name });
  }
};
