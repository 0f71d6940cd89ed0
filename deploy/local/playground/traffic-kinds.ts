/**
 * @module Kinds that move traffic, as a member serves them that has the CRDs of mcs-api, Gateway API and ExternalDNS: ServiceExport and
 * ServiceImport as they are, of the others names and lists, their fields as they come. No gateway runs here: routes are only kept.
 */
import { mcsSchemas, mcsTypes } from '../../../shared/api/index.ts';
import { customSchemaName, type KindDocument, plainDocument, schemaOfDocument, typeOfDocument } from '../../../shared/kube/custom/index.ts';
import type { OpenApiSchema, ResourceType } from '../../../shared/kube/resource.ts';

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** Rules of routes are atomic lists, as in the real kinds: who applies one rule owns all. */
const routeSpec = { ...anything, properties: { rules: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: anything } } };
const document = (groupVersion: string, kind: string, resource: string, spec: OpenApiSchema): KindDocument =>
  plainDocument(groupVersion, kind, resource, { type: 'object', properties: { spec, status: anything } });
const documents: readonly KindDocument[] = [
  document('gateway.networking.k8s.io/v1', 'Gateway', 'gateways', anything),
  document('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes', routeSpec),
  document('gateway.networking.k8s.io/v1', 'GRPCRoute', 'grpcroutes', routeSpec),
  document('externaldns.k8s.io/v1alpha1', 'DNSEndpoint', 'dnsendpoints', anything),
];

/** The kinds as the API server serves them. */
export const trafficTypes: readonly ResourceType[] = [...mcsTypes(), ...documents.map((kind) => typeOfDocument(kind, kind.version))];

/** Their schemas by name. */
export const trafficSchemas: Readonly<Record<string, OpenApiSchema>> = {
  ...mcsSchemas,
  ...Object.fromEntries(documents.map((kind) => [customSchemaName(kind.group, kind.version, kind.kind), schemaOfDocument(kind)])),
};
