/** @module What one observer makes of one target, by what each channel and probe says (the evidence matrix). */
import type { Evidence, Finding, Opinion, SelfHealth } from '../wire/mesh.ts';

/** All that the opinion rests on. */
export type Facts = {
  readonly evidence: Evidence;
  /** Heard on any channel within the time that silence is borne. */
  readonly isHeard: boolean;
  /** The last thing it said of itself. */
  readonly self: SelfHealth | undefined;
  /** Works, but beats or answers of its gateway are lost more often than they may. */
  readonly isGray: boolean;
};

/** The opinion; undefined = the target is well. */
export const opinionOf = ({ evidence, isHeard, self, isGray }: Facts): Opinion | undefined => {
  if (!isHeard) return ofSilence(evidence);
  if (evidence.gateway === 'lost') return 'DataPlane';
  if (self?.api === false) return 'APIServer';
  if (evidence.broker === 'lost' || evidence.direct === 'lost') return 'Link';
  return isGray ? 'Gray' : undefined;
};

const ofSilence = ({ helpers, gateway, apiServer }: Evidence): Opinion => {
  if (helpers === 'ok') return 'Link';
  if (gateway === 'ok') return 'Agent';
  // An API server that answers, as one that somebody else runs does when all nodes are lost, serves no user.
  if (apiServer === 'ok') return gateway === 'lost' ? 'DataPlane' : 'Agent';
  return gateway === 'lost' || apiServer === 'lost' ? 'Cluster' : 'Silent';
};

/** Opinions on which requests go elsewhere. */
export const movesTraffic = (opinion: Opinion | 'Isolated' | undefined): boolean => opinion === 'Cluster' || opinion === 'DataPlane';
/** Opinions on which, after a longer while, replicas go elsewhere. */
export const movesReplicas = (opinion: Opinion | 'Isolated' | undefined): boolean => opinion === 'Cluster';

const channelText = (name: string, finding: Finding): string[] => (finding === 'none' ? [] : [`${name} ${finding}`]);

/** `direct lost, broker lost, gateway ok`: evidence in words. */
export const evidenceText = (evidence: Evidence): string =>
  [
    ...channelText('direct', evidence.direct),
    ...channelText('broker', evidence.broker),
    ...channelText('others', evidence.helpers),
    ...channelText('gateway', evidence.gateway),
    ...channelText('address of the API server', evidence.apiServer),
  ].join(', ');
