/** @module The rules of apply. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject, ManagedFieldsEntry } from '../object.ts';
import { applyDefaults, conform, createSchemaSet, type SchemaNode } from '../schema/index.ts';
import {
  type ApplyResult,
  applyConfiguration,
  keepTimes,
  parentManagedFields,
  replicasPath,
  scaleManagedFields,
  trackUpdate,
} from './index.ts';

const load = (name: string) => JSON.parse(readFileSync(new URL(`../builtin/data/${name}.json`, import.meta.url), 'utf8'));
const schemas = createSchemaSet(load('openapi'), load('defaults'), load('types'));
const deployments = schemas.node('io.k8s.api.apps.v1.Deployment');
const configMaps = schemas.node('io.k8s.api.core.v1.ConfigMap');

/** A little server: one object of one kind, written as the API server would. */
class Slot {
  live: KubeObject | undefined;
  readonly node: SchemaNode;
  readonly apiVersion: string;
  #second = 0;

  constructor(node: SchemaNode, apiVersion: string) {
    this.node = node;
    this.apiVersion = apiVersion;
  }

  #now(): string {
    this.#second++;
    return `2026-01-02T03:04:${String(this.#second).padStart(2, '0')}Z`;
  }

  #settle(object: KubeObject): KubeObject {
    const settled = applyDefaults(this.node, conform(this.node, object).object) as KubeObject;
    return this.live === undefined ? settled : keepTimes(this.live, settled);
  }

  apply(yaml: string, manager: string, force = false): ApplyResult {
    const { node, apiVersion, live } = this;
    const result = applyConfiguration({ live, applied: parse(yaml), manager, force, node, apiVersion, reset: 'status', now: this.#now() });
    if (result.ok) this.live = this.#settle(result.object);
    return result;
  }

  write(change: (object: KubeObject) => KubeObject, manager: string, subresource = ''): void {
    const { node, apiVersion, live } = this;
    const next = applyDefaults(node, conform(node, change(structuredClone(live) ?? ({} as KubeObject))).object) as KubeObject;
    const reset = subresource === 'status' ? 'allButStatus' : 'status';
    const tracked = trackUpdate({ live, next, manager, node, apiVersion, subresource, reset, now: this.#now() });
    this.live = this.live === undefined ? tracked : keepTimes(this.live, tracked);
  }

  /** As the helper of the acceptance suite prints them. */
  owners(): string[] {
    return (this.live?.metadata.managedFields ?? [])
      .map(
        (entry) => `${entry.manager} ${entry.operation} ${entry.apiVersion} ${entry.subresource ?? '-'} ${JSON.stringify(entry.fieldsV1)}`,
      )
      .sort();
  }
}

const refusal = (result: ApplyResult): string => (result.ok ? 'ok' : result.error.message);

describe('the owners of plain writes', () => {
  it('a create owns what it sets and the containers it makes, but not structs that are always there', () => {
    const slot = new Slot(deployments, 'apps/v1');
    slot.write(
      () =>
        parse(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: nginx}]}
`),
      'kubectl-create',
    );
    const fields = slot.live?.metadata.managedFields?.[0]?.fieldsV1 as Record<string, Record<string, unknown>>;
    expect(Object.keys(fields)).toEqual(['f:metadata', 'f:spec']);
    expect(fields['f:metadata']).toEqual({ 'f:labels': { '.': {}, 'f:app': {} } });
    expect(fields['f:spec']?.['f:strategy']).toEqual({
      'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
      'f:type': {},
    });
    const template = fields['f:spec']?.['f:template'] as Record<string, Record<string, unknown>> | undefined;
    expect(template?.['f:spec']?.['f:containers']).toEqual({
      'k:{"name":"nginx"}': {
        '.': {},
        'f:image': {},
        'f:name': {},
        'f:resources': {},
        'f:terminationMessagePath': {},
        'f:terminationMessagePolicy': {},
      },
    });
  });

  it('each way to write has its own entry, and a change of nothing changes no entry', () => {
    const slot = new Slot(configMaps, 'v1');
    slot.write(() => parse('{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: u}, data: {x: "1"}}'), 'kubectl-create');
    slot.write((object) => ({ ...object, data: { x: '1', y: '2' } }), 'kubectl-patch');
    slot.write((object) => ({ ...object, metadata: { ...object.metadata, labels: { set: 'x' } } }), 'tester');
    const before = slot.live;
    slot.write((object) => object, 'nobody');
    expect(slot.live).toBe(before);
    expect(slot.owners()).toEqual([
      'kubectl-create Update v1 - {"f:data":{".":{},"f:x":{}}}',
      'kubectl-patch Update v1 - {"f:data":{"f:y":{}}}',
      'tester Update v1 - {"f:metadata":{"f:labels":{".":{},"f:set":{}}}}',
    ]);
  });
});

describe('apply', () => {
  const one = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1", w: "1"}\n';
  const two = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "2", w: "2", z: "2"}\n';

  it('applied again it changes nothing, applied without a field it takes the field away', () => {
    const slot = new Slot(configMaps, 'v1');
    slot.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: x}}\ndata: {keep: "1", drop: "2"}\n', 'kubectl');
    expect(slot.owners()).toEqual(['kubectl Apply v1 - {"f:data":{"f:drop":{},"f:keep":{}},"f:metadata":{"f:labels":{"f:app":{}}}}']);
    const before = slot.live;
    slot.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: x}}\ndata: {keep: "1", drop: "2"}\n', 'kubectl');
    expect(slot.live).toBe(before);
    slot.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {keep: "3"}\n', 'kubectl');
    expect(slot.live).toMatchObject({ data: { keep: '3' } });
    expect(slot.live?.metadata.labels).toBeUndefined();
    expect(slot.owners()).toEqual(['kubectl Apply v1 - {"f:data":{"f:keep":{}}}']);
  });

  it('a second applier is told who owns what, and may insist', () => {
    const slot = new Slot(configMaps, 'v1');
    slot.apply(one, 'one');
    expect(refusal(slot.apply(two, 'two'))).toBe('Apply failed with 2 conflicts: conflicts with "one":\n- .data.w\n- .data.x');
    expect(slot.live?.['data']).toEqual({ x: '1', w: '1' });
    expect(refusal(slot.apply(two, 'two', true))).toBe('ok');
    expect(slot.owners()).toEqual(['two Apply v1 - {"f:data":{"f:w":{},"f:x":{},"f:z":{}}}']);
    expect(refusal(slot.apply(one, 'one'))).toBe('Apply failed with 2 conflicts: conflicts with "two":\n- .data.w\n- .data.x');
  });

  it('each conflict is a cause with its field', () => {
    const slot = new Slot(configMaps, 'v1');
    slot.apply(one, 'one');
    const result = slot.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "2"}\n', 'two');
    expect(result.ok ? undefined : result.error.status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.x',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' }] },
    });
  });

  it('what others changed or took shows in the owners, and apply takes it back', () => {
    const slot = new Slot(configMaps, 'v1');
    const mine = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: x}}\ndata: {x: "1", w: "1"}\n';
    slot.apply(mine, 'git');
    slot.write((object) => ({ ...object, data: { x: '9', own: '1', w: '1' } }), 'kubectl-patch');
    slot.write((object) => ({ ...object, metadata: { ...object.metadata, labels: {} } }), 'kubectl-label');
    slot.write((object) => ({ ...object, metadata: { ...object.metadata, labels: { extra: '1' } } }), 'kubectl-label');
    expect(slot.owners()).toEqual([
      'git Apply v1 - {"f:data":{"f:w":{}}}',
      'kubectl-label Update v1 - {"f:metadata":{"f:labels":{".":{},"f:extra":{}}}}',
      'kubectl-patch Update v1 - {"f:data":{"f:own":{},"f:x":{}}}',
    ]);
    expect(refusal(slot.apply(mine, 'git'))).toBe('Apply failed with 1 conflict: conflict with "kubectl-patch" using v1: .data.x');
    expect(refusal(slot.apply(mine, 'git', true))).toBe('ok');
    expect(slot.live?.['data']).toEqual({ own: '1', w: '1', x: '1' });
    expect(slot.live?.metadata.labels).toEqual({ app: 'x', extra: '1' });
    slot.write(
      ({ metadata: { name } }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { x: '1' } }),
      'kubectl-replace',
    );
    expect(slot.owners()).toEqual(['git Apply v1 - {"f:data":{"f:x":{}}}']);
  });

  it('lists are merged by key, as sets, and whole', () => {
    const slot = new Slot(deployments, 'apps/v1');
    slot.apply(
      `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, finalizers: [example.com/a]}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: front, image: "nginx:1", args: [a, b], ports: [{containerPort: 80, name: http}], env: [{name: A, value: "1"}]}
`,
      'one',
    );
    slot.apply(
      `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, finalizers: [example.com/b]}
spec:
  template:
    spec:
      containers:
      - {name: front, ports: [{containerPort: 443, name: https}], env: [{name: B, value: "2"}]}
      - {name: side, image: "proxy:1"}
`,
      'two',
    );
    const containers = () => {
      const spec = slot.live?.['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } } | undefined;
      return spec?.template.spec.containers ?? [];
    };
    expect(slot.live?.metadata.finalizers).toEqual(['example.com/a', 'example.com/b']);
    expect(containers()[0]).toMatchObject({
      args: ['a', 'b'],
      ports: [
        { containerPort: 80, name: 'http', protocol: 'TCP' },
        { containerPort: 443, name: 'https', protocol: 'TCP' },
      ],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    });
    expect(slot.owners()).toEqual([
      'one Apply apps/v1 - {"f:metadata":{"f:finalizers":{"v:\\"example.com/a\\"":{}}},"f:spec":{"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"front\\"}":{".":{},"f:args":{},"f:env":{"k:{\\"name\\":\\"A\\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:ports":{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:name":{}}}}}}}}}',
      'two Apply apps/v1 - {"f:metadata":{"f:finalizers":{"v:\\"example.com/b\\"":{}}},"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"front\\"}":{".":{},"f:env":{"k:{\\"name\\":\\"B\\"}":{".":{},"f:name":{},"f:value":{}}},"f:name":{},"f:ports":{"k:{\\"containerPort\\":443,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:name":{}}}},"k:{\\"name\\":\\"side\\"}":{".":{},"f:image":{},"f:name":{}}}}}}}',
    ]);
    const three =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: front, args: [b, c]}]}}}\n';
    expect(refusal(slot.apply(three, 'two'))).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="front"].args',
    );
    expect(refusal(slot.apply(three, 'two', true))).toBe('ok');
    expect(slot.live?.metadata.finalizers).toEqual(['example.com/a']);
    expect(containers()).toHaveLength(1);
    expect(containers()[0]).toMatchObject({
      args: ['b', 'c'],
      ports: [{ containerPort: 80, name: 'http', protocol: 'TCP' }],
      env: [{ name: 'A', value: '1' }],
    });
  });

  it.each([
    [
      'an undeclared field',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: n}\nspec: {}\n',
      'failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .spec: field not declared in schema',
    ],
    [
      'a wrong type',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: n}\ndata: [x]\n',
      'failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .data: expected map, got &{[x]}',
    ],
    [
      'managedFields',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, managedFields: [{manager: x}]}\n',
      'metadata.managedFields must be nil',
    ],
  ])('refuses %s', (_, yaml, message) => {
    expect(refusal(new Slot(configMaps, 'v1').apply(yaml, 'x'))).toBe(message);
  });

  it('refuses items that cannot be told apart, counting defaults of keys', () => {
    const slot = new Slot(schemas.node('io.k8s.api.core.v1.Service'), 'v1');
    const yaml =
      'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: n}\nspec: {ports: [{port: 80, name: a}, {port: 80, name: b}]}\n';
    expect(refusal(slot.apply(yaml, 'x'))).toBe(
      'failed to create typed patch object (n/a; /v1, Kind=Service): .spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
    );
  });

  it('keeps the ownership of status apart from that of the object', () => {
    const slot = new Slot(deployments, 'apps/v1');
    slot.write(
      () =>
        parse(
          '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: u}, spec: {replicas: 2, selector: {}, template: {spec: {containers: []}}}}',
        ),
      'kubectl-create',
    );
    slot.write((object) => ({ ...object, status: { replicas: 2, readyReplicas: 1 } }), 'kubectl-patch', 'status');
    slot.apply(
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 4}\nstatus: {replicas: 9}\n',
      'scaler',
      true,
    );
    expect(slot.owners().map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      'kubectl-create Update apps/v1 -',
      'kubectl-patch Update apps/v1 status',
      'scaler Apply apps/v1 -',
    ]);
    expect(slot.owners()[2]).toBe('scaler Apply apps/v1 - {"f:spec":{"f:replicas":{}}}');
  });

  it('kubectl takes over from its own client-side apply without force, and keeps the annotation up to date', () => {
    const slot = new Slot(configMaps, 'v1');
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const lastApplied =
      '{"apiVersion":"v1","data":{"w":"1","x":"1"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"n"}}\n';
    slot.write(
      () => ({ ...parse(one), metadata: { name: 'a', namespace: 'n', uid: 'u', annotations: { [annotation]: lastApplied } } }),
      'kubectl-client-side-apply',
    );
    expect(slot.owners()).toEqual([
      'kubectl-client-side-apply Update v1 - {"f:data":{".":{},"f:w":{},"f:x":{}},"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/last-applied-configuration":{}}}}',
    ]);
    const changed = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: n}\ndata: {x: "2"}\n';
    expect(refusal(slot.apply(changed, 'other'))).toContain('conflict with "kubectl-client-side-apply" using v1: .data.x');
    expect(refusal(slot.apply(changed, 'kubectl'))).toBe('ok');
    expect(slot.live?.metadata.annotations?.[annotation]).toBe(
      '{"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"n"}}\n',
    );
  });

  it('what was there before the first apply is owned by before-first-apply', () => {
    const slot = new Slot(configMaps, 'v1');
    slot.live = parse('{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: u}, data: {x: "1"}}');
    expect(refusal(slot.apply(two, 'two'))).toBe('Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x');
    slot.write((object) => ({ ...object, data: { y: '1' } }), 'me');
    expect(slot.live?.metadata.managedFields).toBeUndefined();
  });

  it.each([[[]], [[{}]]])('managedFields %j forgets all owners', (entries) => {
    const slot = new Slot(configMaps, 'v1');
    slot.apply(one, 'one');
    slot.write((object) => ({ ...object, metadata: { ...object.metadata, managedFields: entries as ManagedFieldsEntry[] } }), 'me');
    expect(slot.live?.metadata.managedFields).toBeUndefined();
  });

  it('keeps at most 10 updaters: older ones become ancient-changes', () => {
    const slot = new Slot(configMaps, 'v1');
    for (let n = 0; n < 15; n++) {
      slot.write(
        (object) => ({
          ...object,
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { ...object.metadata, name: 'a' },
          data: { ...(object['data'] as object), [`k${n}`]: 'x' },
        }),
        `m${n}`,
      );
    }
    const names = slot.live?.metadata.managedFields?.map((entry) => entry.manager);
    expect(names).toEqual(['ancient-changes', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12', 'm13', 'm14']);
    expect(slot.live?.metadata.managedFields?.[0]?.fieldsV1).toEqual({
      'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {}, 'f:k4': {}, 'f:k5': {} },
    });
  });
});

describe('the scale endpoint', () => {
  const paths = new Map([['apps/v1', replicasPath('spec.replicas')]]);

  it('a write to it takes the replicas from their owner and gives them to the writer', () => {
    const slot = new Slot(deployments, 'apps/v1');
    slot.apply(
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, selector: {}, template: {spec: {containers: [{name: front, image: "nginx:1"}]}}}\n',
      'kubectl',
    );
    const scaleNode = schemas.node('io.k8s.api.autoscaling.v1.Scale');
    const live = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web', uid: 'u' }, spec: { replicas: 2 } } as KubeObject;
    const managed = scaleManagedFields(slot.live?.metadata.managedFields, paths);
    expect(managed).toMatchObject([
      { manager: 'kubectl', operation: 'Apply', apiVersion: 'autoscaling/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ]);
    const next = trackUpdate({
      live: { ...live, metadata: { ...live.metadata, managedFields: managed ?? [] } },
      next: { ...live, spec: { replicas: 5 } },
      manager: 'kubectl',
      node: scaleNode,
      apiVersion: 'autoscaling/v1',
      subresource: 'scale',
      now: '2026-01-02T04:00:00Z',
    });
    const parent = parentManagedFields(slot.live?.metadata.managedFields, next.metadata.managedFields, 'apps/v1', paths);
    if (slot.live === undefined || parent === undefined) throw new Error('no owners');
    slot.live = {
      ...slot.live,
      metadata: { ...slot.live.metadata, managedFields: parent },
      spec: { ...(slot.live['spec'] as object), replicas: 5 },
    };
    expect(slot.owners().filter((line) => line.includes('scale'))).toEqual(['kubectl Update apps/v1 scale {"f:spec":{"f:replicas":{}}}']);
    const web =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, selector: {}, template: {spec: {containers: [{name: front, image: "nginx:1"}]}}}\n';
    expect(refusal(slot.apply(web, 'kubectl'))).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });
});
