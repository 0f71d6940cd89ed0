/** @module Request bodies in Kubernetes protobuf, as kubectl and client-go send them, read into JSON. */
export { type DefinitionOf, decodeProtobuf, isKubernetesProtobuf } from './decode.ts';
export type { MessageTable, ProtobufTables } from './message.ts';
