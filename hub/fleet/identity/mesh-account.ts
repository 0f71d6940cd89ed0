/**
 * @module The NATS account in which agents and hub speak to each other about who is alive. It is apart from the clusters' own accounts,
 * because those reach nobody but the hub, and the hub may be dead. Nothing is stored in it, nothing answers in it, and what is said is
 * signed: the most that a reply subject or a trace of a hostile agent can do here is to send bytes that everybody refuses.
 */
import { meshSubject, meshSubjectTo } from '../../../shared/wire/mesh.ts';
import { clusterAccountKey, type FleetIdentity } from './fleet-identity.ts';
import { noJetStream, type Revocations, signClaims, unlimited, userJwt } from './jwt.ts';
import type { SigningKey } from './keys.ts';

/** Largest message of the mesh over the broker, with room for the protocol. */
const payloadMax = 131_072;

/** The key of the account, from the identity: no cluster can have this name. */
export const meshAccountKey = (identity: Pick<FleetIdentity, 'account'>): SigningKey => clusterAccountKey(identity, '@mesh');

/** The account: no streams, no exports, no imports. */
export const meshAccountJwt = (
  identity: Pick<FleetIdentity, 'account' | 'operator'>,
  { revocations, issuedAtSeconds }: { readonly revocations: Revocations; readonly issuedAtSeconds: number },
): string =>
  signClaims(
    {
      sub: meshAccountKey(identity).publicKey,
      name: 'MESH',
      iat: issuedAtSeconds,
      nats: {
        limits: { ...unlimited, ...noJetStream, payload: payloadMax, imports: 0, exports: 0 },
        default_permissions: { pub: {}, sub: {} },
        revocations,
        type: 'account',
        version: 2,
      },
    },
    identity.operator,
  );

/** An agent in it: it speaks in its own name alone, hears what is said to all, and what is said to it. */
export const meshUserJwt = (
  identity: Pick<FleetIdentity, 'account'>,
  user: { readonly publicKey: string; readonly cluster: string },
  times: { readonly nowMs: number; readonly expiresAtMs: number },
): string =>
  userJwt(
    meshAccountKey(identity),
    user,
    {
      pub: { allow: [`hanse.mesh.${user.cluster}.>`] },
      sub: { allow: [meshSubject('*', 'beat'), meshSubject('*', 'ballot'), meshSubjectTo('*', user.cluster)] },
    },
    times,
  );
