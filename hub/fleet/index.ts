/** @module The fleet: joining, credentials, the broker, and the hub's side of the bus. */
export { type BrokerTls, type EmbeddedBroker, ensureNatsServer, type NatsServerBinary } from './broker/index.ts';
export { type BrokerChoice, externalBrokerConfig, type Fleet, type FleetOptions, startFleet } from './fleet.ts';
export { type JoinWords, joinCommand, makeTokenSecret, tokenText } from './join/token.ts';
export { systemNamespace, tokenSecretName } from './join/token-loop.ts';
export type { Arrival, FleetBus, PublishedWork, PublishOutcome, PublishRefusal, Unsubscribe } from './port.ts';
