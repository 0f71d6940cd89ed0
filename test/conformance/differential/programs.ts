/** @module Random programs of writes on one object, drawn from a seed: what the real API server and ours must answer alike. */
import { type Prng, prng } from '../../../shared/lib/index.ts';
import { type Fields, type Subject, several, some } from './draw.ts';
import { otherSubjects } from './others.ts';
import { container, workloadSubjects } from './workloads.ts';

/** One request; `path` starts at the object's collection (`''`) or the object (`/NAME…`). */
export type Step = {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET';
  readonly path: string;
  readonly contentType: string;
  readonly body: unknown;
  /** What the answer shall be; absent: JSON. */
  readonly accept?: string;
};

/** Programs on one kind. */
export type Program = { readonly seed: number; readonly collection: string; readonly kind: string; readonly steps: readonly Step[] };

const json = 'application/json';
const applyType = 'application/apply-patch+yaml';
const stepsMax = 9;

const metaOf = (random: Prng): Fields =>
  some(random, false, {
    labels: () => Object.fromEntries(several(random, ['app', 'tier', 'env'], 2).map((key) => [key, random.pick(['a', 'b'])])),
    annotations: () => Object.fromEntries(several(random, ['note', 'owner'], 2).map((key) => [key, random.pick(['a', 'b'])])),
    finalizers: () => several(random, ['example.com/a', 'example.com/b'], 1),
  });

const subjects: readonly Subject[] = [...workloadSubjects, ...otherSubjects];
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

const wrongValues: readonly unknown[] = ['', 'x', -1, 1.5, 0, true, null, [], {}, [null], { a: 'b' }];

/** The body with one value somewhere in it replaced by one that is likely wrong, or with a field nobody knows. */
const spoiled = (random: Prng, body: unknown): unknown => {
  if (typeof body !== 'object' || body === null || random.chance(20)) return random.pick(wrongValues);
  if (Array.isArray(body)) {
    if (body.length === 0) return [random.pick(wrongValues)];
    const at = random.below(body.length);
    return body.map((item, index) => (index === at ? spoiled(random, item) : item));
  }
  const fields = Object.entries(body);
  if (fields.length === 0 || random.chance(10)) return { ...body, surprise: 1 };
  const [name, value] = random.pick(fields);
  // Names and kinds are what the programs go by.
  return ['metadata', 'name', 'kind', 'apiVersion'].includes(name) ? { ...body, surprise: 1 } : { ...body, [name]: spoiled(random, value) };
};

const maybeSpoiled = (random: Prng, step: Step): Step => {
  if (step.body === undefined || step.method === 'DELETE' || Array.isArray(step.body) || !random.chance(15)) return step;
  const strict = random.chance(30) ? `${step.path.includes('?') ? '&' : '?'}fieldValidation=Strict` : '';
  return { ...step, path: `${step.path}${strict}`, body: spoiled(random, step.body) };
};

const withStatus = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob']);
const withScale = new Set(['Deployment', 'StatefulSet', 'ReplicaSet']);

/** A write to a subresource; undefined when the kind has none. */
const subresourceStep = (random: Prng, { kind }: Subject, name: string): Step | undefined => {
  const contentType = 'application/merge-patch+json';
  const query = `?fieldManager=${random.pick(['edit', 'status'])}`;
  if (withScale.has(kind) && random.chance(50))
    return {
      method: 'PATCH',
      path: `/${name}/scale${query}`,
      contentType,
      body: { spec: { replicas: random.pick<unknown>([0, 3, -1, '2']) } },
    };
  if (!withStatus.has(kind)) return undefined;
  const counts = some(random, false, {
    observedGeneration: () => random.below(3),
    replicas: () => random.below(3) - 1,
    readyReplicas: () => random.below(3),
  });
  const conditions = [{ type: 'Available', status: random.pick(['True', 'False']), lastTransitionTime: '2026-01-01T00:00:00Z' }];
  const body = { status: { ...counts, ...(random.chance(50) ? { conditions } : {}) }, spec: { paused: true } };
  return { method: 'PATCH', path: `/${name}/status${query}`, contentType, body };
};

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const labelSelectors = ['app=a', 'app!=a', 'app in (a,b)', '!tier', 'env,tier', 'app=a,', 'app===a', 'app in a'];

/** A read of the object, alone or by a list that finds at most it, as JSON or as a Table. */
const readStep = (random: Prng, name: string): Step => {
  const accept = random.chance(60) ? { accept: table } : {};
  const common = { method: 'GET', contentType: json, body: undefined, ...accept } as const;
  if (random.chance(40)) return { ...common, path: `/${name}` };
  const labels = random.chance(50) ? `&labelSelector=${encodeURIComponent(random.pick(labelSelectors))}` : '';
  const field = random.pick(['metadata.name', 'metadata.name', 'metadata.name', 'spec.nothing']);
  return { ...common, path: `?fieldSelector=${field}%3D${name}${labels}` };
};

/** A deletion, now and then with options. */
const deleteStep = (random: Prng, target: string): Step => {
  const options = some(random, false, {
    propagationPolicy: () => random.pick(['Background', 'Foreground', 'Orphan', 'Sometimes']),
    preconditions: () => random.pick<unknown>([{ resourceVersion: '1' }, { uid: 'b2f5ff47-4366-41c9-9ac4-1e5a3b4c5d6e' }, {}]),
    gracePeriodSeconds: () => random.pick([0, 5]),
    dryRun: () => random.pick([['All'], ['Some']]),
  });
  const body = random.chance(60) ? undefined : { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
  return { method: 'DELETE', path: target, contentType: json, body };
};

/** Creates that leave nothing behind: with a generated name, or of what is there. */
const dryCreateStep = (random: Prng, subject: Subject, name: string): Step => ({
  method: 'POST',
  path: '?dryRun=All&fieldManager=edit',
  contentType: json,
  body: {
    apiVersion: subject.apiVersion,
    kind: subject.kind,
    metadata: { ...(random.chance(50) ? { generateName: 'made-' } : { name }), ...metaOf(random) },
    ...subject.part(random, true),
  },
});

const drawStep = (random: Prng, subject: Subject, name: string): Step => {
  if (random.chance(12)) return readStep(random, name);
  const other = random.chance(10) ? subresourceStep(random, subject, name) : undefined;
  return maybeSpoiled(random, other ?? objectStep(random, subject, name));
};

const objectStep = (random: Prng, subject: Subject, name: string): Step => {
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
  if (draw < 86) return dryCreateStep(random, subject, name);
  if (draw < 95) {
    const versioned = random.chance(20) ? { ...metadata, resourceVersion: random.pick(['1', '0', 'x']) } : metadata;
    return {
      method: 'PUT',
      path: `${target}${query}`,
      contentType: json,
      body: { ...head, metadata: versioned, ...subject.part(random, true) },
    };
  }
  return deleteStep(random, target);
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
