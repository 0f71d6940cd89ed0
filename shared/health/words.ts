/** @module Verdicts in words: what is wrong, who agrees, and what a person may do about it. */

import type { Evidence, Outage } from '../wire/mesh.ts';
import { evidenceText } from './opinion.ts';
import type { Agreed, Cause } from './state.ts';

const causeWords: Readonly<Record<Cause, string>> = {
  Cluster: 'the cluster is dead or cut off: neither its agent nor its addresses answer; traffic and, later, replicas go elsewhere',
  DataPlane: 'the agent is well, but the gateway does not answer users; traffic goes elsewhere, replicas stay',
  Agent: 'the agent is silent, but the cluster answers; nothing moves: look at the agent (its pod, its node)',
  Silent:
    'nobody hears the agent, and no address is known by which its death could be told from the death of the cluster: set spec.probes; the hub decides by its own clock',
  APIServer: 'the agent is well, but its API server does not answer it; traffic stays, nothing new is placed there',
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

const agreedText = ({ voters, observers, needed, domains }: Omit<Agreed, 'cause'>): string =>
  `${voters.length} of ${observers} observers agree (${voters.join(', ')}; ${needed} needed; ${domains} failure ${domains === 1 ? 'domain' : 'domains'})`;

/** What the observers agree on and does not come into force, in words. */
export const heldVerdictText = (agreed: Agreed): string => {
  const what = agreed.cause === 'DataPlane' ? heldWords.DataPlane : heldWords.Cluster;
  return `${what}; ${agreedText(agreed)}. Replicas and shares stay; who cannot reach it asks it nothing`;
};

/** The cause in words, who voted, and on what evidence. */
export const verdictText = (agreed: Agreed, evidence?: Evidence): string => {
  // Observers that have not heard it since their own start hold on to a verdict and have no evidence of their own.
  const grounds = evidence === undefined ? '' : evidenceText(evidence);
  return `${causeWords[agreed.cause]}; ${agreedText(agreed)}${grounds === '' ? '' : `: ${grounds}`}`;
};

const outageWords: Readonly<Record<Outage['cause'], string>> = {
  Broker: 'the broker did not answer: the agents went on over datagrams, nothing moved',
  Hub: 'the hub did not answer: the agents went on by what they had, nothing moved',
};

/** An outage that is over, in words; `since` and `until` as they are shown. */
export const outageText = ({ cause, voters, votes, needed, observers }: Outage, since: string, until: string): string => {
  const more = votes > voters.length ? ` and ${votes - voters.length} more` : '';
  return `from ${since} until ${until} ${outageWords[cause]}; ${votes} of ${observers} observers agreed (${voters.join(', ')}${more}; ${needed} needed)`;
};
