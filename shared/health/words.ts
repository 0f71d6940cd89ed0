/** @module Verdicts in words: what is wrong, who agrees, and what a person may do about it. */

import { listed } from '../lib/listed.ts';
import type { MeshOutage, MeshVote } from '../wire/mesh.ts';
import { evidenceText } from './opinion.ts';
import type { Agreed, Cause, Verdict } from './state.ts';

const causeWords: Readonly<Record<Cause, string>> = {
  Cluster: 'the cluster is dead or cut off: neither its agent nor its addresses answer; traffic and, later, replicas go elsewhere',
  DataPlane: 'its gateway does not answer users; traffic goes elsewhere, replicas stay',
  Agent: 'the agent is silent, but the cluster answers; nothing moves: look at the agent (its pod, its node)',
  Silent:
    'nobody hears the agent, and no address is known by which its death could be told from the death of the cluster: set spec.probes; the hub decides by its own clock',
  APIServer:
    'the agent is well, but its API server does not answer it, though others may still reach the address of that; traffic stays, nothing new is placed there',
  Broker: 'the broker does not answer; the agents go on over datagrams, nothing moves',
  Hub: 'the hub does not answer; the agents go on by what they have, nothing moves',
  Link: 'some ways to the agent are cut, others work; nothing moves: look at the network between it and the broker or its peers',
  Gray: 'the cluster answers, but loses too much: look at its network',
  Isolated: 'this agent hears nobody: it is cut off and takes nothing over',
};

const heldWords = {
  Cluster: 'the cluster is dead or cut off: neither its agent nor its addresses answer',
  DataPlane: 'its gateway does not answer users',
} as const;

/** Voters that are named; the rest is counted. */
const votersMax = 5;

const agreedText = ({ voters, observers, needed, domains }: Omit<Agreed, 'cause'>): string =>
  `${voters.length} of ${observers} observers agree (${listed(voters, votersMax)}; ${needed} needed; ${domains} failure ${domains === 1 ? 'domain' : 'domains'})`;

/**
 * What the observers agree on and does not come into force, in words. `why` = what holds it and what a person can do: it comes before the names,
 * as Events are cut. What stays is not promised: the hub may give the cluster up by its own hearing.
 */
export const heldVerdictText = (agreed: Agreed, why: string): string => {
  const what = agreed.cause === 'DataPlane' ? heldWords.DataPlane : heldWords.Cluster;
  return `${what}. The votes move nothing: ${why}. ${agreedText(agreed)}; who cannot reach it asks it nothing`;
};

/** Of those that may return: what it was, and what is now. */
const returningWords = {
  Cluster: 'the cluster was dead or cut off, is seen well again, and is held down before it takes requests and replicas',
  DataPlane: 'its gateway did not answer users, does again, and is held down before it takes requests',
} as const;

/** The cause in words and who agreed; while it stands the evidence of one who is for this very cause, if there is any now. */
export const verdictText = (
  verdict: Agreed & Pick<Verdict, 'phase'>,
  votes: readonly { readonly voter: string; readonly vote: Pick<MeshVote, 'opinion' | 'evidence'> }[],
): string => {
  const { cause, phase, voters } = verdict;
  if (phase === 'Returning' && (cause === 'Cluster' || cause === 'DataPlane')) return `${returningWords[cause]}; ${agreedText(verdict)}`;
  // Others of the majority are for it on other grounds, and those who have not heard it since their own start have none.
  const witness = votes.find(({ voter, vote }) => vote.opinion === cause && voters.includes(voter));
  const grounds = witness === undefined ? '' : evidenceText(witness.vote.evidence);
  return `${causeWords[cause]}; ${agreedText(verdict)}${grounds === '' ? '' : `: ${grounds}`}`;
};

const outageWords: Readonly<Record<MeshOutage['cause'], string>> = {
  Broker: 'the broker did not answer: the agents went on over datagrams, nothing moved',
  Hub: 'the hub did not answer: the agents went on by what they had, nothing moved',
};

/** An outage that is over, in words; `since` and `until` as they are shown. */
export const outageText = ({ cause, voters, votes, needed, observers }: MeshOutage, since: string, until: string): string => {
  const more = votes > voters.length ? ` and ${votes - voters.length} more` : '';
  return `from ${since} until ${until} ${outageWords[cause]}; ${votes} of ${observers} observers agreed (${voters.join(', ')}${more}; ${needed} needed)`;
};
