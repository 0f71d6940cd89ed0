/** @module The rim to the member's API: a client that cannot hang, discovery, and reflectors. */
export { AccessConfigError, type ClusterAccess } from './access.ts';
export { ApiError, type ApiErrorCode, type ApiFailure, failureOf, isPassing } from './api-error.ts';
export { type ClusterUidWatch, watchClusterUid } from './cluster-uid.ts';
export { type Discovery, discover, kubernetesVersion, openApiHashes } from './discovery.ts';
export { type HealthOptions, type HealthWatch, notAsked, watchHealth } from './health.ts';
export { type AnswerLimits, type ApiHealth, type HttpClientOptions, httpClient, type MemberApi, type ProxyApi } from './http-client.ts';
export { inClusterAccess, loadKubeconfig, parseKubeconfig, SERVICE_ACCOUNT_DIR } from './kubeconfig.ts';
export { outsideAddressOf } from './outside-address.ts';
export { plainText } from './plain-text.ts';
export { objectKey, type Reflector, type ReflectorEvent, type ReflectorOptions, startReflector } from './reflector/index.ts';
export { type Served, type ServedWatch, watchServed } from './served.ts';
