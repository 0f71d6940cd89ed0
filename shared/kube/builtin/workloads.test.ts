/** @module The rules of workloads. */
import { describe, expect, it } from 'vitest';
import { withAt } from './read.ts';
import { created, objectOf, typeOf, updated } from './testing/write.ts';

const deployments = typeOf('deployments');
const selected = { selector: { matchLabels: { a: 'b' } } };
const templateOf = (spec: object = { containers: [{ name: 'x', image: 'x' }] }): object => ({
  template: { metadata: { labels: { a: 'b' } }, spec },
});
const mismatch = '`selector` does not match template `labels`';

describe('Deployments', () => {
  it.each<[string, object, string[]]>([
    [
      'nothing at all',
      {},
      [
        'spec.selector: Required value',
        `spec.template.metadata.labels: Invalid value: null: ${mismatch}`,
        'spec.template.spec.containers: Required value',
      ],
    ],
    [
      'a template that is not selected',
      { ...selected, template: { metadata: { labels: { a: 'c' } }, spec: { containers: [{ name: 'x', image: 'x' }] } } },
      [`spec.template.metadata.labels: Invalid value: {"a":"c"}: ${mismatch}`],
    ],
    ['no container', { ...selected, ...templateOf({ containers: [] }) }, ['spec.template.spec.containers: Required value']],
    [
      'two containers of one name',
      {
        ...selected,
        ...templateOf({
          containers: [
            { name: 'x', image: 'x' },
            { name: 'x', image: 'z' },
          ],
        }),
      },
      ['spec.template.spec.containers[1].name: Duplicate value: "x"'],
    ],
    [
      'negative numbers',
      { replicas: -1, minReadySeconds: -5, ...selected, ...templateOf() },
      [
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.minReadySeconds: Invalid value: -5: must be greater than or equal to 0',
      ],
    ],
    [
      'an empty selector',
      { selector: { matchLabels: {} }, ...templateOf() },
      ['spec.selector: Invalid value: {"matchLabels":{}}: empty selector is invalid for deployment'],
    ],
    [
      'an unknown operator',
      { selector: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] }, ...templateOf() },
      [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Like","values":["b"]}]}: invalid label selector',
      ],
    ],
    [
      'Recreate with a rolling update',
      { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } }, ...selected, ...templateOf() },
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'an update that could not move',
      { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } }, ...selected, ...templateOf() },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
    ],
    [
      'a percentage that is none',
      { strategy: { rollingUpdate: { maxSurge: '110%', maxUnavailable: 'x%' } }, ...selected, ...templateOf() },
      [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"x%\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    ],
    [
      'pods that end, and a deadline too short',
      {
        progressDeadlineSeconds: 5,
        minReadySeconds: 10,
        ...selected,
        ...templateOf({ restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] }),
      },
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
      ],
    ],
  ])('with %s are refused in the API server’s words and order', (_what, spec, faults) => {
    expect(created(deployments, { spec }).faults).toEqual(faults);
  });

  it('cannot change their selector', () => {
    const { object } = created(deployments, { spec: { ...selected, ...templateOf() } });
    const next = withAt(object, ['spec', 'selector'], { matchLabels: { a: 'b', c: 'd' } });
    expect(updated(deployments, next, object).faults).toEqual([
      `spec.template.metadata.labels: Invalid value: {"a":"b"}: ${mismatch}`,
      'spec.selector: Invalid value: {"matchLabels":{"a":"b","c":"d"}}: field is immutable',
    ]);
  });

  it('warn of variables and ports that are there twice', () => {
    const container = {
      name: 'x',
      image: 'x',
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
      ports: [{ containerPort: 80 }, { containerPort: 80 }],
    };
    const { warnings } = created(deployments, { spec: { ...selected, ...templateOf({ containers: [container] }) } });
    expect(warnings).toEqual([
      'spec.template.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
      'spec.template.spec.containers[0].ports[1]: duplicate port definition with spec.template.spec.containers[0].ports[0]',
    ]);
  });

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1', 'IfNotPresent'],
    ['host:5000/nginx', 'Always'],
    ['host:5000/nginx@sha256:00', 'IfNotPresent'],
  ])('pull the image %s %s', (image, policy) => {
    const { object } = created(deployments, { spec: { ...selected, ...templateOf({ containers: [{ name: 'x', image }] }) } });
    expect(JSON.stringify(object)).toContain(`"imagePullPolicy":"${policy}"`);
  });
});

describe('amounts of resources', () => {
  const at = 'spec.template.spec.containers[0].resources';
  it.each<[object, string[]]>([
    [{ requests: { memory: '-1Gi' } }, [`${at}.requests[memory]: Invalid value: "-1Gi": must be greater than or equal to 0`]],
    [
      { requests: { cpu: '2' }, limits: { cpu: '1' } },
      [`${at}.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
    ],
    [
      { requests: { 'example.com/gpu': '1.5' }, limits: { 'example.com/gpu': '1.5' } },
      [
        `${at}.limits[example.com/gpu]: Invalid value: "1500m": must be an integer`,
        `${at}.requests[example.com/gpu]: Invalid value: "1500m": must be an integer`,
      ],
    ],
    [{ requests: { 'example.com/gpu': '1' } }, [`${at}.limits: Required value: Limit must be set for non overcommitable resources`]],
    [
      { requests: { nonsense: '1' } },
      [
        `${at}.requests[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified`,
        `${at}.requests[nonsense]: Invalid value: "nonsense": must be a standard resource for containers`,
      ],
    ],
  ])('%j have the API server’s faults', (resources, faults) => {
    const spec = { ...selected, ...templateOf({ containers: [{ name: 'x', image: 'x', resources }] }) };
    expect(created(deployments, { spec }).faults).toEqual(faults);
  });
});

describe('other workloads', () => {
  it('a StatefulSet changes only what its controller can follow', () => {
    const type = typeOf('statefulsets');
    const { object, faults } = created(type, { spec: { serviceName: 'db', ...selected, ...templateOf() } });
    expect(faults).toEqual([]);
    expect(updated(type, withAt(object, ['spec', 'serviceName'], 'other'), object).faults).toEqual([
      expect.stringMatching(/^spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals'/),
    ]);
    expect(updated(type, withAt(object, ['spec', 'replicas'], 3), object).faults).toEqual([]);
  });

  it('a DaemonSet keeps its selector', () => {
    const type = typeOf('daemonsets');
    const { object, faults } = created(type, { spec: { ...selected, ...templateOf() } });
    expect(faults).toEqual([]);
    expect(object.status).toEqual({ currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 });
  });

  it('a Job selects its pods by its uid', () => {
    const { object, faults } = created(typeOf('jobs'), {
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] } } },
    });
    const labels = {
      'job-name': 'web',
      'batch.kubernetes.io/job-name': 'web',
      'controller-uid': 'u-1',
      'batch.kubernetes.io/controller-uid': 'u-1',
    };
    expect(faults).toEqual([]);
    expect(object).toMatchObject({
      metadata: { labels },
      spec: {
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } },
        template: { metadata: { labels } },
        completions: 1,
      },
      status: {},
    });
  });

  it.each([
    ['every day', 'expected exactly 5 fields, found 2: [every day]'],
    ['61 * * * *', 'end of range (61) above maximum (59): 61'],
    ['* * * * x', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['@often', 'unrecognized descriptor: @often'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['@daily', ''],
    ['*/5 1-3 * jan,feb sun', ''],
  ])('a CronJob’s schedule %j is %j', (schedule, fault) => {
    const jobTemplate = { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] } } } };
    const { faults } = created(typeOf('cronjobs'), { spec: { schedule, jobTemplate } });
    expect(faults).toEqual(fault === '' ? [] : [`spec.schedule: Invalid value: "${schedule}": ${fault}`]);
  });

  it('a new Pod is pending, tolerates lost nodes for a while, and has a quality of service', () => {
    const { object, faults } = created(typeOf('pods'), {
      spec: { containers: [{ name: 'x', image: 'x', resources: { limits: { cpu: '1', memory: '1Gi' } } }] },
    });
    expect(faults).toEqual([]);
    expect(object).toMatchObject({
      spec: { serviceAccountName: 'default', priority: 0, tolerations: [{ tolerationSeconds: 300 }, { tolerationSeconds: 300 }] },
      status: { phase: 'Pending', qosClass: 'Guaranteed' },
    });
  });

  it('a Pod on a node is given its grace period, one without a node none', () => {
    const type = typeOf('pods');
    const pod = objectOf(type, { spec: { terminationGracePeriodSeconds: 30 } });
    expect(type.strategy.graceSeconds?.(pod, undefined)).toBe(0);
    expect(type.strategy.graceSeconds?.(withAt(pod, ['spec', 'nodeName'], 'n'), undefined)).toBe(30);
    expect(type.strategy.graceSeconds?.(withAt(pod, ['spec', 'nodeName'], 'n'), 5)).toBe(5);
  });
});
