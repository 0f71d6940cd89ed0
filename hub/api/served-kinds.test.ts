/** @module Which kinds the hub serves, as members come and go. */
import { expect, it } from 'vitest';
import type { ResourceType } from '../../shared/kube/resource.ts';
import { createServedKinds, MEMBER_KINDS_MAX } from './served-kinds.ts';

const widget = (resource: string, group = 'acme.dev'): ResourceType => ({
  group,
  version: 'v1',
  kind: 'Widget',
  listKind: 'WidgetList',
  resource,
  singular: 'widget',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['get', 'list'],
  schemaName: 'dev.acme.v1.Widget',
  hasStatus: false,
  strategicMerge: false,
  strategy: {},
  columns: [],
  cells: () => [],
});

it('serves what members serve, and forgets what none serves any longer', () => {
  const kinds = createServedKinds();
  kinds.setMemberKinds([widget('widgets'), widget('gadgets')], new Map([['dev.acme.v1.Widget', () => ({ type: 'object' })]]));
  expect([kinds.registry.get('acme.dev', 'v1', 'widgets')?.kind, kinds.schemas().has('dev.acme.v1.Widget')]).toEqual(['Widget', true]);
  kinds.setMemberKinds([widget('gadgets')], new Map());
  expect([kinds.registry.get('acme.dev', 'v1', 'widgets'), kinds.registry.get('acme.dev', 'v1', 'gadgets')?.kind]).toEqual([
    undefined,
    'Widget',
  ]);
});

it('takes a node port twice, since Services that have the same may go to different clusters', () => {
  const takenBesides = () => ({ clusterIps: new Set<string>(), nodePorts: new Set([30_500]) });
  const kinds = createServedKinds({ clusterIp: () => '10.96.0.1', nodePort: () => 30_001, takenBesides });
  const spec = { type: 'NodePort', clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80, nodePort: 30_500 }] };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' }, spec };
  expect(kinds.registry.get('', 'v1', 'services')?.strategy.validateFirst?.(service)).toEqual([]);
});

it('lets no member change or remove a kind of the hub', () => {
  const kinds = createServedKinds();
  kinds.setMemberKinds([widget('deployments', 'apps')], new Map([['io.k8s.api.apps.v1.Deployment', () => ({ type: 'string' })]]));
  expect(kinds.registry.get('apps', 'v1', 'deployments')?.kind).toBe('Deployment');
  expect(kinds.schemas().node('io.k8s.api.apps.v1.Deployment').kind).toBe('object');
  kinds.setMemberKinds([], new Map());
  expect(kinds.registry.get('apps', 'v1', 'deployments')?.kind).toBe('Deployment');
});

it('takes a bounded number of kinds and tells how many it left out', () => {
  const kinds = createServedKinds();
  const many = Array.from({ length: MEMBER_KINDS_MAX + 3 }, (_, n) => widget(`widgets${n}`));
  expect(kinds.setMemberKinds(many, new Map())).toBe(3);
});
