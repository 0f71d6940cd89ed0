/** @module authentication.k8s.io/v1: who am I, whose token is this, and a new token for a service account. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import { invalid, notFound } from '../../../shared/kube/server/errors.ts';
import type { UserInfo, VirtualCreate } from '../../../shared/kube/server/options.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import { type Authenticator, ISSUER, type ServiceAccountTokens } from '../authentication/index.ts';

const GROUP = 'authentication.k8s.io';

/** Life of a service account's token when none is asked for, and the shortest one (k8s.io/kubernetes, TokenRequest validation). */
const TOKEN_SECONDS_DEFAULT = 3_600;
const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;

/** What the reviews ask. */
export type IdentityReviewOptions = {
  readonly authenticator: Pick<Authenticator, 'userOfToken'>;
  readonly serviceAccounts: Pick<ServiceAccountTokens, 'issue'>;
  readonly store: Pick<Store, 'get'>;
};

/** Handlers by `<group>/<version>/<resource>`. */
export const identityReviews = ({
  authenticator,
  serviceAccounts,
  store,
}: IdentityReviewOptions): Readonly<Record<string, VirtualCreate>> => ({
  [`${GROUP}/v1/selfsubjectreviews`]: (review, { user }) => ({ ...review, status: { userInfo: userInfoOf(user) } }),
  [`${GROUP}/v1/tokenreviews`]: (review) => {
    const { token = '', audiences } = (review as { spec?: { token?: string; audiences?: string[] } }).spec ?? {};
    if (token === '')
      throw invalid({ group: GROUP, kind: 'TokenReview' }, '', [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.token' },
      ]);
    const asked = audiences !== undefined && audiences.length > 0 ? audiences : [ISSUER];
    const user = authenticator.userOfToken(token, asked);
    return {
      ...review,
      status: user === undefined ? { authenticated: false } : { authenticated: true, user: userInfoOf(user), audiences: asked },
    };
  },
  '/v1/serviceaccounts/token': (request, { namespace, name }) => issueToken(request, namespace, name, store, serviceAccounts),
});

const issueToken = (
  request: KubeObject,
  namespace: string,
  name: string,
  store: Pick<Store, 'get'>,
  serviceAccounts: Pick<ServiceAccountTokens, 'issue'>,
): KubeObject => {
  const spec = (request as { spec?: { audiences?: string[]; expirationSeconds?: number } }).spec ?? {};
  const uid = store.get(keyOf('', 'serviceaccounts', namespace, name))?.object.metadata.uid;
  if (uid === undefined) throw notFound({ group: '', resource: 'serviceaccounts' }, name);
  const audiences = spec.audiences !== undefined && spec.audiences.length > 0 ? spec.audiences : [ISSUER];
  const seconds = spec.expirationSeconds ?? TOKEN_SECONDS_DEFAULT;
  refuseLifetime(seconds);
  const { token, expires } = serviceAccounts.issue({ namespace, name, uid, audiences, seconds });
  return { ...request, spec: { ...spec, audiences, expirationSeconds: seconds }, status: { token, expirationTimestamp: expires } };
};

const refuseLifetime = (seconds: number): void => {
  const why =
    seconds < TOKEN_SECONDS_MIN
      ? 'may not specify a duration less than 10 minutes'
      : seconds > TOKEN_SECONDS_MAX
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (why === undefined) return;
  throw invalid({ group: GROUP, kind: 'TokenRequest' }, '', [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${seconds}: ${why}`, field: 'spec.expirationSeconds' },
  ]);
};

/** authentication.k8s.io/v1 UserInfo. */
const userInfoOf = ({ name, uid, groups, extra }: UserInfo): object => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});
