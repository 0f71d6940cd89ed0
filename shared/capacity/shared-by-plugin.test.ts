/** @module GPUs shared by time-slicing or MPS: the device plugin may refuse a container more than one, and no dump or report tells. */
import { describe, expect, it } from 'vitest';
import { fitCluster } from './fit.ts';
import { fitDump } from './fit-dump.ts';
import { podShapeOf } from './pod-shape.ts';
import { reportOf } from './testing.ts';
import { node, pod } from './testing-fit-dump.ts';

const gpu = 'nvidia.com/gpu';
const slice = 'nvidia.com/mig-1g.5gb';
const asking = (...amounts: readonly object[]) => ({
  containers: amounts.map((limits, at) => ({ name: `c${at}`, resources: { limits } })),
});

describe.each<[string, Record<string, string>, string, object, object]>([
  [
    'two of a time-sliced GPU',
    { [`${gpu}.replicas`]: '4', [`${gpu}.sharing-strategy`]: 'time-slicing' },
    gpu,
    asking({ [gpu]: '2' }),
    { count: 0 },
  ],
  ['two of a GPU under MPS', { [`${gpu}.replicas`]: '4', [`${gpu}.sharing-strategy`]: 'mps' }, gpu, asking({ [gpu]: '2' }), { count: 0 }],
  ['two of a renamed resource', { [`${gpu}.replicas`]: '4' }, `${gpu}.shared`, asking({ [`${gpu}.shared`]: '2' }), { count: 0 }],
  ['two of a shared MIG slice', { [`${slice}.replicas`]: '2' }, slice, asking({ [slice]: '2' }), { count: 0 }],
  ['a sharing that cannot be read', { [`${gpu}.replicas`]: 'many' }, gpu, asking({ [gpu]: '2' }), { count: 0 }],
  ['one in each of two containers', { [`${gpu}.replicas`]: '4' }, gpu, asking({ [gpu]: '1' }, { [gpu]: '1' }), { count: 4, exact: true }],
  ['one', { [`${gpu}.replicas`]: '4' }, gpu, asking({ [gpu]: '1' }), { count: 8, exact: true }],
  ['two where none is shared', { [`${gpu}.replicas`]: '1' }, gpu, asking({ [gpu]: '2' }), { count: 4, exact: true }],
])('%s', (_, labels, resource, spec, wanted) => {
  const expected = { exact: false, ...wanted };
  const name = resource === gpu ? 'gpu' : resource;

  it('of a dump', () => {
    const read = fitDump([node('n', { [resource]: '8' }, { metadata: { labels } })], pod(spec));
    if (!read.ok) throw new Error(read.message);
    const { total, exact, doubts, refusals } = read.value;
    expect({ count: Number(total), exact }).toEqual(expected);
    expect(refusals).toEqual(total === 0n ? { [name]: 1 } : {});
    const told = expect.stringMatching(/^Node n: metadata\.labels\[.*failRequestsGreaterThanOne.*ask for 1 of/);
    expect(doubts).toEqual(total === 0n ? expect.arrayContaining([told]) : []);
  });

  it('of a report', () => {
    const report = reportOf([{ name: 'n', allocatable: { cpu: 8_000, [resource]: 8 }, labels }]);
    const { count, exact, refusals } = fitCluster(report, podShapeOf(spec));
    expect({ count, exact }).toEqual(expected);
    expect(refusals).toEqual(count === 0 ? { [name]: 1 } : {});
  });
});
