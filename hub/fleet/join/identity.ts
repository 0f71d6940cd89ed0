/** @module Which member an agent says that it answers for, against what is known of its Cluster: a decision without effects. */
import type { Cluster } from '../../../shared/api/cluster.ts';
import { type Condition, withCondition } from '../../../shared/kube/condition.ts';

/** What a hello says of the member, and what is known. */
export type IdentityFacts = {
  readonly cluster: Cluster;
  /** UID of the member's kube-system; undefined = the agent cannot read it, and nothing is concluded from that. */
  readonly clusterUID: string | undefined;
  /** Another Cluster that stands for this member. */
  readonly holder: string | undefined;
  readonly nowMs: number;
};

/** Nothing to do; a status to write; or the agent is cut off, because the member counts under another name already. */
export type IdentityDecision =
  | { readonly do: 'nothing' }
  | { readonly do: 'write'; readonly status: NonNullable<Cluster['status']>; readonly changedFrom?: string }
  | { readonly do: 'cutOff'; readonly holder: string; readonly clusterUID: string };

/** How long a Cluster shows that another member answers for it, at least: until a hello after that. */
export const changeShownMs = 3_600_000;

/** What a Cluster whose member is another one now says. */
export const identityChangedText = (before: string, now: string): string =>
  `the agent answers for another cluster than before: the UID of its namespace kube-system was ${before} and is ${now}; the member was made anew, or the agent was given another kubeconfig. What ran there before is sent again; if this is not meant, stop the agent and start it on the old member`;

/** Decides one hello. Whoever tells a UID first has it; the agent of an approved Cluster that is heard is not refused. */
export const decideIdentity = ({ cluster, clusterUID, holder, nowMs }: IdentityFacts): IdentityDecision => {
  const { status } = cluster;
  if (status?.agent === undefined || cluster.metadata.deletionTimestamp !== undefined) return { do: 'nothing' };
  if (clusterUID !== undefined && holder !== undefined) return { do: 'cutOff', holder, clusterUID };
  const before = status.clusterUID;
  const isOther = clusterUID !== undefined && before !== undefined && clusterUID !== before;
  const old = status.conditions ?? [];
  const heard = old.filter((condition) => condition.type !== 'JoinRefused' && !isOldNews(condition, nowMs));
  const conditions = isOther
    ? withCondition(
        heard.filter(({ type }) => type !== 'IdentityChanged'),
        { type: 'IdentityChanged', status: 'True', reason: 'OtherCluster', message: identityChangedText(before, clusterUID) },
        nowMs,
      )
    : heard;
  const isNew = clusterUID !== undefined && clusterUID !== before;
  if (!isNew && conditions.length === old.length) return { do: 'nothing' };
  return {
    do: 'write',
    status: { ...status, conditions, ...(clusterUID === undefined ? {} : { clusterUID }) },
    ...(isOther ? { changedFrom: before } : {}),
  };
};

const isOldNews = ({ type, lastTransitionTime }: Condition, nowMs: number): boolean =>
  type === 'IdentityChanged' && nowMs - Date.parse(lastTransitionTime) >= changeShownMs;
