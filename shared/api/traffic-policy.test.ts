/** @module Mistakes in TrafficPolicies and ServiceExports are told by field, with the mend. */
import { describe, expect, it } from 'vitest';
import type { StatusCause } from '../kube/status-error.ts';
import { serviceExportKind, trafficPolicyType } from './index.ts';

const policyOf = (spec: unknown, labels = {}) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'TrafficPolicy',
  metadata: { name: 'x', labels },
  spec,
});
const textsOf = (faults: readonly StatusCause[] = []): string[] => faults.map(({ field, message }) => `${field}: ${message}`);
const faults = (spec: unknown): string[] => textsOf(trafficPolicyType.strategy.validate?.(policyOf(spec)));

describe('a TrafficPolicy', () => {
  it.each([
    [{}, /^spec\.services: Required value: name the services, or select them with serviceSelector: \{\}/],
    [{ services: ['Web'] }, /^spec\.services\[0\]/],
    [{ services: ['web'], survivorsMin: 0 }, /^spec\.survivorsMin: .*greater than or equal to 1/],
    [{ services: ['web'], losses: [{ clusters: ['a'] }] }, /^spec\.losses\[0\]\.clusters: .*two clusters or more/],
    [
      { services: ['web'], failback: { stepsPercent: [50, 10] } },
      /^spec\.failback\.stepsPercent: .*the last step must be 100; such as \[10, 25, 50, 100\]/,
    ],
    [{ services: ['web'], dns: { zone: 'x.test', ttlSeconds: 600 } }, /^spec\.dns\.ttlSeconds: .*less than or equal to 30/],
    [{ services: ['web'], dns: { zone: 'clusterset.local' } }, /^spec\.dns\.zone: .*each agent answers clusterset\.local/],
    [{ services: ['web'], dns: { zone: 'svc.clusterset.local' } }, /^spec\.dns\.zone: .*choose a zone/],
    [{ services: ['web'], dns: {} }, /^spec\.dns\.zone: Required/],
    [{ services: ['web'], demand: { requestsPerSecond: 5 } }, /^spec\.demand\.requestsPerSecondPerEndpoint: Required/],
    [{ services: ['web'], headroom: { targetPercent: 5 } }, /^spec\.headroom\.targetPercent: .*greater than or equal to 10/],
    [{ services: ['web'], headroom: { targetPercent: 101 } }, /^spec\.headroom\.targetPercent: .*less than or equal to 100/],
    [{ services: ['web'], reach: 'Mars' }, /^spec\.reach: Unsupported value/],
    [{ services: ['web'], weights: [{ weight: 1 }] }, /^spec\.weights\[0\]\.clusterSelector: Required/],
    [
      { services: ['web'], weights: [{ clusterSelector: {}, weight: 0 }] },
      /^spec\.weights: .*every weight is 0.*by capacity.*give a cluster a weight above 0, or remove the list/,
    ],
  ])('%j is refused with the field', (spec, message) => {
    expect(faults(spec)[0]).toMatch(message);
  });
  describe('that has had nothing but weights of 0 since they were admitted', () => {
    const nothing = [{ clusterSelector: {}, weight: 0 }];
    const old = policyOf({ services: ['web'], weights: nothing });
    const changed = (spec: object): string[] =>
      textsOf(trafficPolicyType.strategy.validateUpdate?.(policyOf({ services: ['web'], ...spec }, { team: 'shop' }), old));

    it('can be changed otherwise', () => {
      expect(changed({ weights: [{ weight: 0, clusterSelector: {} }], survivorsMin: 2 })).toEqual([]);
      expect(changed({})).toEqual([]);
      expect(changed({ weights: nothing, survivorsMin: 0 })[0]).toMatch(/^spec\.survivorsMin/);
    });
    it('gets no other weights of 0', () => {
      expect(changed({ weights: [...nothing, ...nothing] })[0]).toMatch(/^spec\.weights: .*every weight is 0/);
    });
  });
  it('with all there is, is taken', () => {
    expect(
      faults({
        services: ['web'],
        tiers: [{ name: 'home', clusterSelector: { matchLabels: { a: 'b' } } }],
        demand: { requestsPerSecond: 100, requestsPerSecondPerEndpoint: 10 },
        headroom: { targetPercent: 70 },
        failback: { mode: 'Manual', stepsPercent: [50, 100], released: ['eu'] },
        losses: [{ clusters: ['a', 'b'] }],
        gateway: { name: 'public' },
        dns: { zone: 'svc.example.org', externalDNS: true },
      }),
    ).toEqual([]);
  });
});

it('a ServiceExport is named as the Service it exports, in both versions of the API', () => {
  expect(serviceExportKind.types.map(({ version }) => version)).toEqual(['v1beta1', 'v1alpha1']);
  const [type] = serviceExportKind.types;
  expect(type?.validateName?.('1web', false)[0]).toContain('it must be the name of the Service to export');
});
