/** @module What PriorityClasses say of a workload. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { priorityClassesOf, priorityOf } from './priority.ts';

const classOf = (name: string, value: number, more: object = {}): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  ...more,
});
const deployment = (spec: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: [], ...spec } } },
});
const classes = [classOf('high', 100), classOf('patient', 90, { preemptionPolicy: 'Never' })];

describe('priorityOf', () => {
  it.each([
    ['the class that pods name', { priorityClassName: 'high' }, { value: 100, preempts: true }],
    ['one that preempts nobody', { priorityClassName: 'patient' }, { value: 90, preempts: false }],
    [
      'what the template itself says of preemption',
      { priorityClassName: 'high', preemptionPolicy: 'Never' },
      { value: 100, preempts: false },
    ],
    [
      'what the class says where the template says nothing',
      { priorityClassName: 'patient', preemptionPolicy: null },
      { value: 90, preempts: false },
    ],
    ['0 without a class', {}, { value: 0, preempts: true }],
    ['the classes that every cluster has', { priorityClassName: 'system-node-critical' }, { value: 2_000_001_000, preempts: true }],
    ['the number of pods whose class only members know', { priorityClassName: 'theirs', priority: 7 }, { value: 7, preempts: true }],
    ['the class, whatever number stands beside it', { priorityClassName: 'high', priority: 7 }, { value: 100, preempts: true }],
  ])('is %s', (_, spec, expected) => {
    expect(priorityOf(deployment(spec), priorityClassesOf(classes))).toEqual(expected);
  });

  it('is that of the global default for pods that name none; of two defaults the lower', () => {
    const more = [...classes, classOf('usual', 10, { globalDefault: true }), classOf('other', 5, { globalDefault: true })];
    expect(priorityOf(deployment({}), priorityClassesOf(more)).value).toBe(5);
    expect(priorityOf(deployment({ priorityClassName: 'high' }), priorityClassesOf(more)).value).toBe(100);
  });

  it('is 0 for what has no pods', () => {
    expect(priorityOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }, priorityClassesOf([])).value).toBe(0);
  });
});
