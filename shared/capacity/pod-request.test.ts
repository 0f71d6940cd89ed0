/** @module Rules of the effective pod request. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalCeil, canonicalFloor, exactPodRequests, podRequests } from './pod-request.ts';

const container = (name: string, requests: Record<string, string>, more: object = {}) => ({ name, resources: { requests }, ...more });
const sidecar = (name: string, requests: Record<string, string>) => container(name, requests, { restartPolicy: 'Always' });

describe('the effective request of a pod', () => {
  const cases: readonly [rule: string, spec: object, status: object | undefined, expected: Record<string, number>][] = [
    ['is nothing without containers', {}, undefined, {}],
    [
      'sums the app containers',
      { containers: [container('a', { cpu: '100m', memory: '64Mi' }), container('b', { cpu: '1' })] },
      undefined,
      { cpu: 1100, memory: 64 },
    ],
    [
      'rounds up only once, after the sum',
      { containers: [container('a', { cpu: '500u' }), container('b', { cpu: '500u' })] },
      undefined,
      { cpu: 1 },
    ],
    ['rounds memory up to whole MiB', { containers: [container('a', { memory: '1M' })] }, undefined, { memory: 1 }],
    [
      'counts devices whole',
      { containers: [container('a', { 'nvidia.com/gpu': '2', 'hugepages-2Mi': '4Mi' })] },
      undefined,
      { 'hugepages-2Mi': 4, 'nvidia.com/gpu': 2 },
    ],
    [
      'takes a limit without a request as the request',
      { containers: [{ name: 'a', resources: { limits: { cpu: '2' } } }] },
      undefined,
      { cpu: 2000 },
    ],
    [
      'takes the larger of init and app',
      { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '3' })] },
      undefined,
      { cpu: 3000 },
    ],
    [
      'takes the largest init, not their sum',
      { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '2' }), container('j', { cpu: '2' })] },
      undefined,
      { cpu: 2000 },
    ],
    [
      'adds sidecars to the app',
      { containers: [container('a', { cpu: '1' })], initContainers: [sidecar('s', { cpu: '2' })] },
      undefined,
      { cpu: 3000 },
    ],
    [
      'adds only sidecars declared before an init to that init',
      {
        containers: [container('a', { cpu: '1' })],
        initContainers: [container('i', { cpu: '4' }), sidecar('s', { cpu: '2' }), container('j', { cpu: '3' })],
      },
      undefined,
      { cpu: 5000 },
    ],
    [
      'lets pod-level requests replace cpu, memory and hugepages',
      { resources: { requests: { cpu: '9', memory: '1Gi' } }, containers: [container('a', { cpu: '1' })] },
      undefined,
      { cpu: 9000, memory: 1024 },
    ],
    [
      'leaves extended resources to the containers under pod-level requests',
      { resources: { requests: { cpu: '9', 'nvidia.com/gpu': '8' } }, containers: [container('a', { 'nvidia.com/gpu': '1' })] },
      undefined,
      { cpu: 9000, 'nvidia.com/gpu': 1 },
    ],
    [
      'adds the overhead of the runtime class',
      { overhead: { cpu: '250m', memory: '160Mi' }, containers: [container('a', { cpu: '1' })] },
      undefined,
      { cpu: 1250, memory: 160 },
    ],
    [
      'adds the overhead to pod-level requests too',
      { overhead: { cpu: '250m' }, resources: { requests: { cpu: '2' } }, containers: [] },
      undefined,
      { cpu: 2250 },
    ],
    [
      'holds the old size until a shrink is done',
      { containers: [container('a', { cpu: '1' })] },
      { containerStatuses: [{ name: 'a', resources: { requests: { cpu: '3' } }, allocatedResources: { cpu: '2' } }] },
      { cpu: 3000 },
    ],
    [
      'holds the new size while a growth is deferred',
      { containers: [container('a', { cpu: '4' })] },
      { containerStatuses: [{ name: 'a', resources: { requests: { cpu: '3' } } }] },
      { cpu: 4000 },
    ],
    [
      'leaves out a growth that is infeasible',
      { containers: [container('a', { cpu: '4' })] },
      {
        conditions: [{ type: 'PodResizePending', reason: 'Infeasible' }],
        containerStatuses: [{ name: 'a', resources: { requests: { cpu: '3' } } }],
      },
      { cpu: 3000 },
    ],
    [
      'ignores allocated amounts where the status has no resources',
      { containers: [container('a', { cpu: '1' })] },
      { containerStatuses: [{ name: 'a', allocatedResources: { cpu: '5' } }] },
      { cpu: 1000 },
    ],
    [
      'follows the resize of a sidecar but not of an ordinary init container',
      { containers: [], initContainers: [sidecar('s', { cpu: '1' }), container('i', { cpu: '1' })] },
      {
        initContainerStatuses: [
          { name: 's', resources: { requests: { cpu: '2' } } },
          { name: 'i', resources: { requests: { cpu: '9' } } },
        ],
      },
      { cpu: 3000 },
    ],
    [
      'counts a text that is no quantity as none',
      { containers: [container('a', { cpu: '12x', memory: '1Mi' })] },
      undefined,
      { memory: 1 },
    ],
  ];
  test.each(cases)('%s', (_rule, spec, status, expected) => {
    expect(podRequests(spec, status)).toEqual(expected);
  });

  test('never throws, whatever the pod looks like', () => {
    fc.assert(fc.property(fc.anything(), fc.anything(), (spec, status) => void podRequests(spec, status)));
  });

  test('is never below any single phase of the pod', () => {
    const milli = fc.integer({ min: 0, max: 9_000 });
    fc.assert(
      fc.property(fc.array(milli), fc.array(fc.tuple(milli, fc.boolean())), (apps, inits) => {
        const spec = {
          containers: apps.map((cpu, index) => container(`a${index}`, { cpu: `${cpu}m` })),
          initContainers: inits.map(([cpu, always], index) =>
            container(`i${index}`, { cpu: `${cpu}m` }, always ? { restartPolicy: 'Always' } : {}),
          ),
        };
        const total = exactPodRequests(spec).get('cpu') ?? 0n;
        const sidecars = inits.filter(([, always]) => always).reduce((sum, [cpu]) => sum + cpu, 0);
        const running = apps.reduce((sum, cpu) => sum + cpu, 0) + sidecars;
        expect(total >= BigInt(running) * 1_000_000n).toBe(true);
        for (const [cpu] of inits) expect(total >= BigInt(cpu) * 1_000_000n).toBe(true);
      }),
    );
  });
});

describe('canonical units', () => {
  test('room is rounded down and demand is rounded up, also below zero', () => {
    expect([canonicalFloor('cpu', 1_999_999n), canonicalCeil('cpu', 1_000_001n)]).toEqual([1, 2]);
    expect([canonicalFloor('cpu', -1n), canonicalCeil('cpu', -1_999_999n)]).toEqual([-1, -1]);
    expect(canonicalFloor('memory', 1_048_575n * 1_000_000_000n)).toBe(0);
    expect(canonicalCeil('memory', 0n)).toBe(0);
  });
});
