/** @module What Events on a Cluster say of verdicts, and of those that are not carried out. Pure. */
import type { PastOutage } from '../../../shared/api/index.ts';
import { type Cause, heldVerdictText, type Verdict } from '../../../shared/health/index.ts';
import type { EventText } from '../events.ts';
import type { HeldDeath } from './relation.ts';

const eventReason: Readonly<Record<Cause, string>> = {
  Cluster: 'ClusterDead',
  DataPlane: 'DataPlaneDead',
  Agent: 'AgentSilent',
  Silent: 'AgentSilent',
  APIServer: 'APIServerUnreachable',
  Broker: 'BrokerDead',
  Hub: 'HubDead',
  Link: 'LinkBroken',
  Gray: 'Lossy',
  Isolated: 'Isolated',
};

/** The Event that tells of a verdict; `message` = the verdict in words. */
export const eventOf = ({ cause, phase, holdDownMs = 0 }: Verdict, message: string): EventText => {
  if (phase === 'Standing') return { type: 'Warning', reason: eventReason[cause], message };
  if (phase === 'Cleared') return { type: 'Normal', reason: 'Recovered', message: `the verdict ${cause} is over` };
  const heldSeconds = Math.round(holdDownMs / 1_000);
  return { type: 'Normal', reason: 'Returning', message: `a majority sees it well again; it is held down for ${heldSeconds} s` };
};

/** The Event that tells what is agreed on, and why it is not carried out. */
export const heldEventOf = (held: HeldDeath, why: string): EventText => {
  const who = held.obstacle === 'NoWitness' ? 'the only one that watches it' : 'a majority';
  return { type: 'Warning', reason: 'VerdictHeld', message: `${who} finds: ${heldVerdictText(held, why)}` };
};

/** The Event that tells of an outage of broker or hub that is over. */
export const outageEventOf = ({ cause, message }: PastOutage): EventText => ({ type: 'Warning', reason: eventReason[cause], message });
