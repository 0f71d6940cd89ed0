/** @module Whether an agent may join: a decision over what is known, without effects. */
import type { Cluster } from '../../../shared/api/cluster.ts';
import type { JoinToken, TokenUse } from '../../../shared/api/join-token.ts';
import { clusterNameFault } from '../../../shared/wire/cluster-name.ts';
import { clockSkewMsMax } from '../../../shared/wire/limits.ts';
import { hubName } from '../../../shared/wire/mesh.ts';
import type { JoinRefusal, JoinRequest } from '../../../shared/wire/messages.ts';
import { parseToken } from './token.ts';

/** What is known when a request comes in. */
export type JoinFacts = {
  readonly request: JoinRequest;
  readonly nowMs: number;
  readonly isProofValid: boolean;
  readonly isSealingKeyValid: boolean;
  /** The token that the request names, when its secret matched. */
  readonly token: JoinToken | undefined;
  readonly cluster: Cluster | undefined;
  /** The key was revoked once, and no Cluster holds it. */
  readonly isRevoked: boolean;
  /** Another Cluster that holds the key. */
  readonly keyHolder: string | undefined;
  /** The Cluster that stands for the member the agent answers for, when it is another; undefined = none, or nothing is known of the member. */
  readonly memberHolder: string | undefined;
};

/** What to do: bind the key to the name (with the admission it gets), answer as the Cluster stands, or refuse. */
export type JoinDecision =
  | { readonly do: 'bind'; readonly token: JoinToken; readonly autoApprove: boolean }
  | { readonly do: 'admit' }
  | { readonly do: 'wait' }
  | {
      readonly do: 'refuse';
      readonly reason: JoinRefusal;
      readonly message: string;
      /** Whether the request proved enough to be noted on the Cluster. */
      readonly isTrusted: boolean;
      /** The Cluster that stands for the member already: it is told too. */
      readonly holder?: string;
    };

/** Decides one request. The order matters: nothing is told about clusters before the token or the key has been proved. */
export const decideJoin = (facts: JoinFacts): JoinDecision => invalid(facts) ?? (holdsName(facts) ? knownAgent(facts) : newAgent(facts));

const refuse = (reason: JoinRefusal, message: string, isTrusted = false): JoinDecision => ({ do: 'refuse', reason, message, isTrusted });

const invalid = ({ request, nowMs, ...facts }: JoinFacts): JoinDecision | undefined => {
  const nameFault = clusterNameFault(request.name);
  if (nameFault !== undefined) return refuse('NameInvalid', nameFault);
  const skewMs = request.nowMs - nowMs;
  if (Math.abs(skewMs) > clockSkewMsMax) {
    // In minutes: the same sentence each time the agent asks.
    const off = `about ${Math.ceil(Math.abs(skewMs) / 60_000)} minutes ${skewMs > 0 ? 'ahead of' : 'behind'}`;
    return refuse(
      'ClockSkew',
      `the agent's clock is ${off} the hub's (at most ${clockSkewMsMax / 60_000} are allowed): set the clock of the machine, for instance with NTP`,
    );
  }
  if (!facts.isProofValid)
    return refuse(
      'ProofInvalid',
      'the request is not signed by the key it names: start the agent again; if that does not help, remove its key file and join anew',
    );
  if (!facts.isSealingKeyValid) return refuse('Malformed', 'sealingKey is not an X25519 public key in base64');
  return undefined;
};

const holdsName = ({ cluster, request }: JoinFacts): boolean => cluster?.status?.agent?.publicKey === request.publicKey;

/** An agent that has joined before needs no token: its key is its proof. */
const knownAgent = ({ cluster, request, memberHolder }: JoinFacts): JoinDecision => {
  if (cluster?.metadata.deletionTimestamp !== undefined) return revoked(request.name);
  if (memberHolder !== undefined) return clusterTaken(memberHolder, request.name);
  const admission = cluster?.spec.admission ?? 'Pending';
  if (admission === 'Approved') return { do: 'admit' };
  if (admission === 'Pending') return { do: 'wait' };
  return refuse(
    'Denied',
    `the operator denied cluster ${request.name}: ask for spec.admission: Approved on the Cluster, or delete it and join anew`,
    true,
  );
};

const revoked = (name: string): JoinDecision =>
  refuse('Revoked', `this agent's key was revoked when Cluster ${name} was deleted or denied`);

/** What a cluster that is joined twice is told, on the agent and on the Cluster: replicas and capacity would count twice. */
export const clusterTakenText = (holder: string, name: string): string =>
  holder === hubName
    ? `the API that the agent of ${name} was given is this hub's own, and a hub is no member of itself: give the agent the kubeconfig of the cluster that it stands for`
    : `this cluster is joined as ${holder} already, and would count twice as ${name}: use the agent of ${holder}; or, to call it ${name} from now on, delete Cluster ${holder} at the hub and start this agent again`;

const clusterTaken = (holder: string, name: string): JoinDecision => ({
  ...{ do: 'refuse', reason: 'ClusterTaken', message: clusterTakenText(holder, name), isTrusted: true },
  holder,
});

const newAgent = ({ request, nowMs, token, cluster, isRevoked, keyHolder, memberHolder }: JoinFacts): JoinDecision => {
  // Told to nobody but the holder of the revoked key: its proof has been checked.
  if (isRevoked) return revoked(request.name);
  if (token === undefined) {
    if (request.token === '')
      return refuse(
        'TokenUnknown',
        'no token was given, and a first join needs one: make it with: hanse token create   and give it with --token',
      );
    const what =
      parseToken(request.token) === undefined
        ? 'this is no token: it is NAME.SECRET, with a secret of 20 to 256 letters, digits, - and _'
        : 'the token is not known';
    return refuse('TokenUnknown', `${what}: copy it whole, or make one with: hanse token create`);
  }
  const name = token.metadata.name;
  const hasUsedIt = token.status?.usedBy?.some(isUseOf(request)) === true;
  const expiresAtMs = Date.parse(token.spec.expiresAt ?? '');
  if (!hasUsedIt && !(nowMs < expiresAtMs))
    return refuse(
      'TokenExpired',
      `token ${name} expired at ${token.spec.expiresAt ?? 'an unknown time'}: make a new one with: hanse token create`,
      true,
    );
  const usesMax = token.spec.maxUses ?? 1;
  if (!hasUsedIt && (token.status?.usedBy?.length ?? 0) >= usesMax)
    return refuse(
      'TokenUsedUp',
      `token ${name} has been used ${usesMax} of ${usesMax} times: make a new one with: hanse token create`,
      true,
    );
  // One key, one cluster: what is revoked with one must not live on in another.
  if (keyHolder !== undefined)
    return refuse(
      'KeyTaken',
      `this agent's key is that of cluster ${keyHolder}: give each cluster a key file of its own (--key-file), or delete Cluster ${keyHolder} and remove the key file, if this is the same cluster under a new name`,
      true,
    );
  const holder = cluster?.status?.agent;
  if (holder !== undefined || cluster?.metadata.deletionTimestamp !== undefined) {
    return refuse(
      'NameTaken',
      `cluster ${request.name} belongs to another agent: choose another --name; or, if this is the same cluster and its key was lost, delete Cluster ${request.name} at the hub and join again`,
      true,
    );
  }
  if (memberHolder !== undefined) return clusterTaken(memberHolder, request.name);
  return { do: 'bind', token, autoApprove: approves(token, request.name) && cluster?.spec.admission !== 'Denied' };
};

/** True for the use that this request has made before: an agent may ask again, but not under another name. */
export const isUseOf =
  ({ name, publicKey }: Pick<JoinRequest, 'name' | 'publicKey'>) =>
  (use: TokenUse): boolean =>
    use.publicKey === publicKey && use.cluster === name;

const approves = (token: JoinToken, name: string): boolean => {
  const rule = token.spec.autoApprove;
  if (rule === undefined) return false;
  return (rule.namePatterns ?? ['*']).some((pattern) => matchesPattern(pattern, name));
};

/** `*` stands for any text; patterns are short and have no other special letters, so that matching stays linear in practice. */
const matchesPattern = (pattern: string, name: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  if (!name.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - tail.length >= at && name.endsWith(tail);
};
