/** @module The NATS broker: getting it, its configuration, running it as a child or naming what an external one must load. */
export { type BrokerConfig, brokerConfigText, payloadBytesMax } from './config.ts';
export { type BrokerTls, type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from './embedded.ts';
export { defaultCacheDir, type EnsureOptions, ensureNatsServer, type NatsServerBinary, versionMin } from './ensure.ts';
export { externalConfigText } from './external.ts';
