/** @module The hub's front: a Kubernetes API server with users, roles, audit log and metrics. */

export { openTokenBook, type TokenBook, tokenFile } from './authentication/index.ts';
export { type Authority, type AuthorityOptions, type KeyPair, openAuthority, type Subject } from './certificates.ts';
export { createFront, type Front, type FrontOptions } from './front.ts';
export { type ClientCertificate, type KubeconfigParts, kubeconfigText } from './kubeconfig.ts';
export { type Served, type ServeOptions, serve } from './serve.ts';
export { createServedKinds, MEMBER_KINDS_MAX, type ServedKinds } from './served-kinds.ts';
