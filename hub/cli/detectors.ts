/** @module `hanse detectors`: what each detection profile would have done with the beats that came, and what stands now. */
import type { Cluster, DetectorSummary } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import { causeText } from '../../shared/api/cluster-type.ts';
import type { FailoverPolicy } from '../../shared/api/failover-policy.ts';
import { type CliContext, withHub } from './context.ts';
import { tableLines } from './table.ts';

const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'failoverpolicies' };

/** Options of {@link detectors}. */
export type DetectorsOptions = { readonly kubeconfig?: string; readonly output?: string };

const header = [
  'CLUSTER',
  'PROFILE',
  'OBSERVERS',
  'SUSPICIONS',
  'FALSE',
  'HELD',
  'DEATHS',
  'CALLS AFTER',
  'LONGEST SILENCE',
  'WATCHED',
  'VERDICT',
];

const secondsText = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;

const rowOf = ({ metadata, status }: Cluster, row: DetectorSummary, inForce: string): string[] => [
  metadata.name,
  row.profile === inForce ? `${row.profile} *` : row.profile,
  String(row.observers),
  String(row.suspicions),
  String(row.falseSuspicions),
  String(row.heldSuspicions ?? 0),
  String(row.deaths),
  row.deaths === 0 ? '-' : secondsText(row.callMilliseconds),
  secondsText(row.longestSilenceMilliseconds),
  `${row.watchedSeconds}s`,
  row.profile === inForce ? causeText(status ?? {}) : '',
];

/** What follows from the figures: the quickest profile that suspected nobody who was well. */
const adviceOf = (items: readonly Cluster[], inForce: string): string => {
  const rows = items.flatMap(({ status }) => status?.detectors ?? []);
  if (rows.every(({ observers }) => observers === 0)) return 'No observer has told yet: they do every 30 s.';
  const calm = ['fast', 'balanced', 'safe'].find((profile) => rows.every((row) => row.profile !== profile || row.falseSuspicions === 0));
  if (calm === undefined)
    return 'Every profile has suspected clusters that were well; a single suspicion is no verdict, but look at the network.';
  return calm === inForce
    ? `The profile in force (${inForce}) has suspected nobody who was well.`
    : `The quickest profile that suspected nobody who was well is ${calm}; ${inForce} is in force. A single suspicion is no verdict: a majority must agree.`;
};

/** The lines that `hanse detectors` prints. */
export const detectorLines = (items: readonly Cluster[], inForce: string): string[] => {
  const rows = [...items]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap((cluster) => (cluster.status?.detectors ?? []).map((row) => rowOf(cluster, row, inForce)));
  return [...tableLines(header, rows), '', adviceOf(items, inForce)];
};

/** Prints them. */
export const detectors = (context: CliContext, { kubeconfig, output }: DetectorsOptions): Promise<void> =>
  withHub(context, kubeconfig, async ({ client }) => {
    const items = (await client.list(clusters)).items as unknown as Cluster[];
    const policy = (await client.get({ ...policies, name: 'default' })) as unknown as FailoverPolicy | undefined;
    const inForce = policy?.spec.detection?.profile ?? 'fast';
    if (output === 'json') {
      const found = items.map(({ metadata, status }) => ({
        cluster: metadata.name,
        verdict: status?.verdict,
        detectors: status?.detectors ?? [],
      }));
      context.print(JSON.stringify({ profile: inForce, clusters: found }, null, 2));
    } else for (const line of detectorLines(items, inForce)) context.print(line);
  });
