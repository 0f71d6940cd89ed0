/**
 * @module Who asks and what they may, over one store: users, roles, and the reviews that tell of them. The hub's, and the same in each
 * playground member.
 */
import { join } from 'node:path';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { AdmissionRequest, Attributes, Decision, VirtualCreate } from '../../shared/kube/server/options.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import type { Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import {
  type Authenticator,
  createAuthenticator,
  createServiceAccountTokens,
  loadSigningKey,
  openTokenBook,
  tokenFile,
} from './authentication/index.ts';
import { type AggregationLoop, checkEscalation, createAuthorizer, createRbacIndex, startAggregation } from './authorization/index.ts';
import { accessReviews, identityReviews } from './reviews/index.ts';

/** What {@link createAccess} takes. */
export type AccessOptions = {
  readonly store: Store;
  /** Made beforehand, mode 0700; `tokens.json` and `service-account.key` are kept in it. */
  readonly dataDir: string;
  /** ClusterRoles and ClusterRoleBindings to begin with. */
  readonly roles: readonly KubeObject[];
  readonly env: RuntimeEnv;
};

/** The parts of an API server that know users. */
export type Access = {
  readonly authenticate: Authenticator['authenticate'];
  /** Who really asked, for a user that `authenticate` answered with; undefined when it asked for itself. */
  readonly impersonatorOf: Authenticator['impersonatorOf'];
  readonly authorize: (attributes: Attributes) => Decision;
  /** Throws 403 when a write would grant more than its author holds. */
  readonly checkGrants: (request: AdmissionRequest) => void;
  /** Handlers of the reviews and of `serviceaccounts/token`, by `<group>/<version>/<resource>`. */
  readonly reviews: Readonly<Record<string, VirtualCreate>>;
  /** Why the file of users' tokens cannot be read as it stands now. */
  readonly tokensFault: () => string | undefined;
  /** Makes the roles that are missing and keeps aggregated ones up to date, until closed. */
  readonly start: (client: KubeClient) => Promise<void>;
  readonly close: () => void;
};

/** Builds them. Throws when a file in the data directory cannot be read or made, naming it. */
export const createAccess = ({ store, dataDir, roles, env }: AccessOptions): Access => {
  const index = createRbacIndex(store);
  const authorize = createAuthorizer(index);
  const tokens = openTokenBook(join(dataDir, tokenFile), env.nowMs);
  const serviceAccounts = createServiceAccountTokens(loadSigningKey(join(dataDir, 'service-account.key')), store, env);
  const authenticator = createAuthenticator({ tokens, serviceAccounts, authorize });
  let aggregation: AggregationLoop | undefined;
  return {
    authenticate: authenticator.authenticate,
    impersonatorOf: authenticator.impersonatorOf,
    authorize,
    checkGrants: (request) => checkEscalation(request, { index, authorize }),
    reviews: { ...accessReviews({ authorize, index }), ...identityReviews({ authenticator, serviceAccounts, store }) },
    tokensFault: tokens.fault,
    start: async (client) => {
      await ensureRoles(client, roles);
      aggregation = await startAggregation(store, client, env);
    },
    close: () => {
      aggregation?.close();
      index.close();
    },
  };
};

/** Creates what is missing and leaves alone what is there: an operator may have changed it. */
const ensureRoles = async (client: KubeClient, roles: readonly KubeObject[]): Promise<void> => {
  for (const role of roles) {
    const resource = role.kind === 'ClusterRole' ? 'clusterroles' : 'clusterrolebindings';
    const type = { group: 'rbac.authorization.k8s.io', version: 'v1', resource };
    try {
      await client.create(type, structuredClone(role));
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
    }
  }
};
