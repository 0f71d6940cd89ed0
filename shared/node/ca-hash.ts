/** @module The hash that names a CA, as kubeadm's discovery-token-ca-cert-hash does. */
import { createHash, X509Certificate } from 'node:crypto';

/** `sha256:` and the hash of the certificate's DER in hex: what `hanse token create` prints. @throws Error when it is no certificate. */
export const caHash = (pem: string): string => `sha256:${createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')}`;
