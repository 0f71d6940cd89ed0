/** @module Rules of what is reported of devices: enough to count claims as on the slices themselves. */
import { expect, test } from 'vitest';
import { fitCluster } from '../../shared/capacity/index.ts';
import { podShapeOf, withClaims } from '../../shared/capacity/pod-shape.ts';
import { reportOf } from '../../shared/capacity/testing.ts';
import { type ClaimUse, draFactsOf, sliceFactsOf } from './dra.ts';

const driver = 'gpu.nvidia.com';
const expression = `device.driver == "${driver}"`;

/** Two GPUs on each of two nodes, cut in three. */
const slices = ['a', 'b'].map((node) => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  metadata: { name: node },
  spec: {
    driver,
    nodeName: node,
    pool: { name: node, generation: 1, resourceSliceCount: 1 },
    devices: [0, 1].flatMap((gpu) =>
      [0, 1, 2].map((at) => ({
        name: `gpu-${gpu}-${at}`,
        attributes: {
          type: { string: 'mig' },
          uuid: { string: `MIG-${node}-${gpu}-${at}` },
          parentUUID: { string: `GPU-${node}-${gpu}` },
          'resource.kubernetes.io/pciBusID': { string: `0000:0${gpu}:00.${at}` },
        },
      })),
    ),
  },
}));
const facts = (held: readonly ClaimUse[] = []) =>
  draFactsOf(
    slices.map((slice) => sliceFactsOf(slice)),
    [held],
    [{ name: 'gpu', expressions: [expression] }],
  );
/** Further pods that ask for two devices with the same value of an attribute. */
const fitOf = (matchAttribute: string, held: readonly ClaimUse[] = []) => {
  const nodes = ['a', 'b'].map((name) => ({ name, allocatable: { cpu: 64_000 } }));
  const spec = {
    devices: {
      requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', count: 2 } }],
      constraints: [{ matchAttribute }],
    },
  };
  const pod = {
    containers: [{ resources: { requests: { cpu: '1' } } }],
    resourceClaims: [{ name: 'g', resourceClaimTemplateName: 't' }],
  };
  const { dra, unsupported } = facts(held);
  const report = { ...reportOf(nodes, { unsupported }), ...(dra === undefined ? {} : { dra }) };
  const { count, exact } = fitCluster(
    report,
    withClaims(podShapeOf(pod), () => spec),
  );
  return { count, exact };
};

test('parts of one GPU that a claim must have together are counted, though their UUIDs are not reported', () => {
  expect(fitOf(`${driver}/parentUUID`)).toEqual({ count: 4, exact: true });
  const held = ['gpu-0-0', 'gpu-0-1'].map((device) => ({ driver, pool: 'a', device }));
  expect(fitOf(`${driver}/parentUUID`, held)).toEqual({ count: 3, exact: true });
  expect(JSON.stringify(facts())).not.toMatch(/GPU-a|MIG-a/);
});

test('nodes that are alike have kinds of devices in common, whatever the UUIDs of their GPUs', () => {
  expect(facts().dra?.kinds).toHaveLength(2);
});

test('a value of each device alone is not reported, and who asks for it in common gets an estimate', () => {
  expect(fitOf('resource.kubernetes.io/pciBusID')).toEqual({ count: 0, exact: false });
});
