/** @module Random programs of writes on one object, drawn from a seed: what the real API server and ours must answer alike. */
import { type Prng, prng } from '../../../shared/lib/index.ts';

/** One request; `path` starts at the object's collection (`''`) or the object (`/NAME…`). */
export type Step = {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET';
  readonly path: string;
  readonly contentType: string;
  readonly body: unknown;
};

/** A kind and how its specs are drawn. */
type Subject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly collection: string;
  /** A part of the object: any subset of its fields, so that appliers own different ones. */
  readonly part: (random: Prng, whole: boolean) => Readonly<Record<string, unknown>>;
};

/** Programs on one kind. */
export type Program = { readonly seed: number; readonly collection: string; readonly kind: string; readonly steps: readonly Step[] };

type Fields = Record<string, unknown>;
const json = 'application/json';
const applyType = 'application/apply-patch+yaml';
const stepsMax = 9;

/** Keeps each field with a chance; `whole` keeps all. */
const some = (random: Prng, whole: boolean, fields: Readonly<Record<string, () => unknown>>): Fields =>
  Object.fromEntries(Object.entries(fields).flatMap(([key, make]) => (whole || random.chance(45) ? [[key, make()]] : [])));

/** Up to `most` different items, in a drawn order. */
const several = <T>(random: Prng, items: readonly T[], most: number): T[] => {
  const left = [...items];
  const taken: T[] = [];
  for (let count = random.below(most + 1); count > 0 && left.length > 0; count--) taken.push(...left.splice(random.below(left.length), 1));
  return taken;
};

const envOf = (random: Prng) =>
  several(random, ['A', 'B', 'C'], 3).map((name) =>
    random.chance(70)
      ? { name, value: random.pick(['1', '2', '$(A)']) }
      : { name, valueFrom: { fieldRef: { fieldPath: random.pick(['metadata.name', 'metadata.namespace']) } } },
  );

const portsOf = (random: Prng) =>
  several(random, [80, 443, 8080], 3).map((containerPort) => ({
    containerPort,
    ...some(random, false, { name: () => `p${containerPort}`, protocol: () => random.pick(['TCP', 'UDP']) }),
  }));

const container = (random: Prng, name: string, whole: boolean) => ({
  name,
  ...some(random, whole, { image: () => `registry.example/${name}:${1 + random.below(3)}` }),
  ...some(random, false, {
    args: () => several(random, ['--a', '--b', '--c'], 3),
    env: () => envOf(random),
    ports: () => portsOf(random),
    resources: () => ({
      requests: some(random, false, { cpu: () => random.pick(['100m', '0.1', '1']), memory: () => random.pick(['64Mi', '1Gi', '1024Mi']) }),
      limits: some(random, false, { cpu: () => '2', memory: () => '2Gi' }),
    }),
    volumeMounts: () => [{ name: 'data', mountPath: random.pick(['/data', '/var/data']) }],
    livenessProbe: () => ({ httpGet: { path: '/', port: 80 }, ...some(random, false, { periodSeconds: () => 5 }) }),
    securityContext: () => ({ capabilities: { add: several(random, ['NET_ADMIN', 'SYS_TIME'], 2) } }),
  }),
});

const podSpec = (random: Prng, whole: boolean): Fields => ({
  containers: [...(whole ? ['front'] : []), ...several(random, ['front', 'side', 'log'].slice(whole ? 1 : 0), 2)].map((name) =>
    container(random, name, whole),
  ),
  volumes: [{ name: 'data', ...(random.chance(50) ? { emptyDir: {} } : { configMap: { name: 'settings' } }) }],
  ...some(random, false, {
    nodeSelector: () => ({ [random.pick(['disk', 'zone'])]: random.pick(['a', 'b']) }),
    tolerations: () =>
      several(
        random,
        [
          { key: 'a', operator: 'Exists' },
          { key: 'b', operator: 'Equal', value: 'x', effect: 'NoSchedule' },
        ],
        2,
      ),
    terminationGracePeriodSeconds: () => 5 + random.below(3),
    imagePullSecrets: () => several(random, [{ name: 'one' }, { name: 'two' }], 2),
    hostAliases: () =>
      several(
        random,
        [
          { ip: '10.0.0.1', hostnames: ['a'] },
          { ip: '10.0.0.2', hostnames: ['b'] },
        ],
        2,
      ),
    topologySpreadConstraints: () => [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'x' } } },
    ],
  }),
});

const metaOf = (random: Prng): Fields =>
  some(random, false, {
    labels: () => Object.fromEntries(several(random, ['app', 'tier', 'env'], 2).map((key) => [key, random.pick(['a', 'b'])])),
    annotations: () => Object.fromEntries(several(random, ['note', 'owner'], 2).map((key) => [key, random.pick(['a', 'b'])])),
    finalizers: () => several(random, ['example.com/a', 'example.com/b'], 1),
  });

const workload = (random: Prng, whole: boolean, more: Fields): Fields => ({
  ...some(random, whole, { selector: () => ({ matchLabels: { app: 'x' } }) }),
  ...some(random, false, { replicas: () => random.below(4), revisionHistoryLimit: () => 3, minReadySeconds: () => random.below(3) }),
  ...more,
  template: { metadata: { labels: { app: 'x', ...(random.chance(30) ? { extra: 'y' } : {}) } }, spec: podSpec(random, whole) },
});

const servicePorts = (random: Prng) => {
  const ports = several(random, [80, 443, 53], 3);
  return (ports.length === 0 ? [80] : ports).map((port) => ({
    name: `p${port}`,
    port,
    ...some(random, false, { targetPort: () => random.pick<unknown>([8080, 'http']), protocol: () => random.pick(['TCP', 'UDP']) }),
  }));
};

const subjects: readonly Subject[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    collection: '/apis/apps/v1/namespaces/default/deployments',
    part: (random, whole) => ({
      spec: workload(
        random,
        whole,
        some(random, false, {
          strategy: () => ({ type: 'RollingUpdate', rollingUpdate: { maxSurge: random.pick<unknown>([1, '25%']) } }),
          paused: () => true,
        }),
      ),
    }),
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    collection: '/apis/apps/v1/namespaces/default/statefulsets',
    part: (random, whole) => ({ spec: workload(random, whole, whole ? { serviceName: 'x' } : {}) }),
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    collection: '/api/v1/namespaces/default/services',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, { ports: () => servicePorts(random) }),
        ...some(random, false, {
          selector: () => ({ [random.pick(['app', 'tier'])]: random.pick(['a', 'b']) }),
          sessionAffinity: () => random.pick(['None', 'ClientIP']),
          externalIPs: () => several(random, ['192.0.2.1', '192.0.2.2'], 2),
          publishNotReadyAddresses: () => random.chance(50),
        }),
      },
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    collection: '/api/v1/namespaces/default/configmaps',
    part: (random) =>
      some(random, false, {
        data: () => Object.fromEntries(several(random, ['a', 'b', 'c'], 3).map((key) => [key, random.pick(['1', '2', ''])])),
        binaryData: () => ({ bin: random.pick(['AA==', 'AQ==']) }),
        immutable: () => random.chance(15),
      }),
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    collection: '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
    part: (random, whole) => ({
      spec: some(random, whole, {
        podSelector: () => ({ matchLabels: { app: random.pick(['a', 'b']) } }),
        policyTypes: () => several(random, ['Ingress', 'Egress'], 2),
        ingress: () => [
          {
            ports: [{ port: random.pick<unknown>([80, 'http']) }],
            // Never empty: kubernetes compares these specs without taking nil for empty, and counts a generation too many.
            from: [{ podSelector: {} }, ...several(random, [{ ipBlock: { cidr: '10.0.0.0/8' } }], 1)],
          },
        ],
      }),
    }),
  },
];

const managers = ['one', 'two', 'three'] as const;

const jsonPatch = (random: Prng): readonly Fields[] => {
  const operations: readonly Fields[] = [
    { op: 'add', path: '/metadata/labels', value: { app: 'p' } },
    { op: 'add', path: '/metadata/labels/tier', value: 'p' },
    { op: 'remove', path: '/metadata/labels/app' },
    { op: 'replace', path: '/metadata/labels/app', value: 'q' },
    { op: 'test', path: '/metadata/name', value: 'subject' },
    { op: 'test', path: '/metadata/labels/app', value: 'a' },
    { op: 'copy', from: '/metadata/name', path: '/metadata/annotations' },
    { op: 'move', from: '/metadata/labels/app', path: '/metadata/labels/env' },
    { op: 'remove', path: '/spec/template/spec/containers/0' },
    { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'extra', image: 'registry.example/extra:1' } },
    { op: 'replace', path: '/spec/replicas', value: 2 },
  ];
  return several(random, operations, 3);
};

/** A part with a strategic directive now and then. */
const strategic = (random: Prng, part: Fields): Fields => {
  const spec = part.spec as Fields | undefined;
  const template = spec?.template as { spec: Fields } | undefined;
  if (spec === undefined || template === undefined || random.chance(50)) return part;
  const directive = random.pick<Fields>([
    { containers: [{ name: random.pick(['front', 'side']), $patch: 'delete' }] },
    { containers: [{ $patch: 'replace' }, container(random, 'front', true)] },
    { $retainKeys: ['containers', 'volumes'], containers: [{ name: 'front' }] },
    { volumes: [{ name: 'data', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] },
    {
      '$setElementOrder/containers': [{ name: 'side' }, { name: 'front' }],
      containers: [{ name: 'side', image: 'registry.example/side:9' }],
    },
    { '$deleteFromPrimitiveList/finalizers': ['a'] },
  ]);
  return { ...part, spec: { ...spec, template: { ...template, spec: directive } } };
};

const drawStep = (random: Prng, subject: Subject, name: string): Step => {
  const head = { apiVersion: subject.apiVersion, kind: subject.kind };
  const metadata = { name, ...metaOf(random) };
  const dry = random.chance(8) ? 'dryRun=All&' : '';
  const target = `/${name}`;
  const draw = random.below(100);
  if (draw < 50) {
    const query = `?${dry}fieldManager=${random.pick(managers)}${random.chance(50) ? '&force=true' : ''}`;
    return {
      method: 'PATCH',
      path: `${target}${query}`,
      contentType: applyType,
      body: { ...head, metadata, ...subject.part(random, random.chance(50)) },
    };
  }
  const query = `?${dry}fieldManager=${random.pick(['edit', 'one'])}`;
  if (draw < 65) {
    const body = strategic(random, { metadata: metaOf(random), ...subject.part(random, false) });
    return { method: 'PATCH', path: `${target}${query}`, contentType: 'application/strategic-merge-patch+json', body };
  }
  if (draw < 75) {
    const body = { metadata: metaOf(random), ...subject.part(random, false) };
    return { method: 'PATCH', path: `${target}${query}`, contentType: 'application/merge-patch+json', body };
  }
  if (draw < 83) return { method: 'PATCH', path: `${target}${query}`, contentType: 'application/json-patch+json', body: jsonPatch(random) };
  if (draw < 95)
    return { method: 'PUT', path: `${target}${query}`, contentType: json, body: { ...head, metadata, ...subject.part(random, true) } };
  return { method: 'DELETE', path: target, contentType: json, body: undefined };
};

/** The program of a seed: a first write, then up to nine more on the same object, of which one may delete it. */
export const drawProgram = (seed: number): Program => {
  const random = prng(seed, 'differential');
  const subject = random.pick(subjects);
  const name = `subject-${seed}`;
  const first: Step = random.chance(50)
    ? {
        method: 'POST',
        path: '?fieldManager=edit',
        contentType: json,
        body: { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name, ...metaOf(random) }, ...subject.part(random, true) },
      }
    : {
        method: 'PATCH',
        path: `/${name}?fieldManager=one`,
        contentType: applyType,
        body: { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name, ...metaOf(random) }, ...subject.part(random, true) },
      };
  const steps = [first, ...Array.from({ length: 2 + random.below(stepsMax - 1) }, () => drawStep(random, subject, name))];
  return { seed, collection: subject.collection, kind: subject.kind, steps };
};
