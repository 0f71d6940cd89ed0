/** @module The hash that names a CA, as kubeadm's discovery-token-ca-cert-hash does. */
import { X509Certificate } from 'node:crypto';
import { sha256 } from './sha256.ts';

/** `sha256:` and the hash of the certificate's DER in hex: what `hanse token create` prints. @throws Error when it is no certificate. */
export const caHash = (pem: string): string => `sha256:${sha256(new X509Certificate(pem).raw)}`;
