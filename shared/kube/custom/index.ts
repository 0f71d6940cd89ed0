/** @module Kinds that are not Kubernetes' own: what a cluster says of them, checked, and served. */
export { type CheckedKind, checkKindDocument } from './check.ts';
export { customSchemaName, type DiscoveredKind, type KindDocument, kindDocumentBytesMax, type PathColumn } from './document.ts';
export { documentOfCrd, servedVersionsOf } from './from-crd.ts';
export { documentOfOpenApi } from './from-openapi.ts';
export { parseJsonPath } from './json-path.ts';
export { plainDocument } from './plain-document.ts';
export { schemaOfDocument, typeOfDocument } from './type-of.ts';
