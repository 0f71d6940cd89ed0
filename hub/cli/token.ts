/** @module `hanse token`: makes, lists and removes what agents join with. */
import { randomBytes } from 'node:crypto';
import type { JoinToken } from '../../shared/api/join-token.ts';
import { approvedNames, joinTokens } from '../../shared/api/join-token.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { caHash } from '../../shared/node/index.ts';
import { type JoinWords, joinCommand, makeTokenSecret, tokenText } from '../fleet/index.ts';
import { type CliContext, type HubConnection, withHub } from './context.ts';
import { tableLines } from './table.ts';

/** What `hanse token create` takes. */
export type TokenOptions = {
  readonly kubeconfig?: string;
  /** Default: `join-` and six letters. */
  readonly name?: string;
  readonly ttlSeconds?: number;
  readonly uses?: number;
  /** Admits without `hanse approve`: every cluster, or those that match a pattern. */
  readonly autoApprove?: readonly string[] | true;
  readonly labels?: Readonly<Record<string, string>>;
  readonly output?: string;
};

/** A made token: shown once, kept nowhere. */
export type MadeToken = JoinWords & { readonly name: string };

/** Creates a JoinToken whose secret never leaves this process but in the answer. */
export const createToken = async (
  { client, server, caPem }: Pick<HubConnection, 'client' | 'server' | 'caPem'>,
  options: TokenOptions,
): Promise<MadeToken> => {
  const { secret, secretHash } = makeTokenSecret();
  const name = options.name ?? `join-${randomBytes(4).readUInt32BE().toString(36).padStart(6, '0').slice(-6)}`;
  const { autoApprove } = options;
  const object: KubeObject = {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'JoinToken',
    metadata: { name },
    spec: {
      secretHash,
      ...(options.ttlSeconds === undefined ? {} : { ttlSeconds: options.ttlSeconds }),
      ...(options.uses === undefined ? {} : { maxUses: options.uses }),
      ...(autoApprove === undefined ? {} : { autoApprove: autoApprove === true ? {} : { namePatterns: autoApprove } }),
      ...(options.labels === undefined || Object.keys(options.labels).length === 0 ? {} : { clusterLabels: options.labels }),
    },
  };
  await client.create(joinTokens, object, { fieldManager: 'hanse-cli' });
  return { name, token: tokenText(name, secret), caHash: caHash(caPem), hub: server };
};

/** Makes a token and prints the one command that joins a cluster with it. */
export const tokenCreate = (context: CliContext, options: TokenOptions): Promise<void> =>
  withHub(context, options.kubeconfig, async (hub) => {
    const made = await createToken(hub, options);
    if (options.output === 'json') return context.print(JSON.stringify(made));
    if (options.output === 'token') return context.print(made.token);
    for (const line of joinLines(made, options)) context.print(line);
  });

/** The command that joins a cluster with a token, and what may be added to it. */
export const joinLines = (made: JoinWords, { labels = {}, autoApprove }: Pick<TokenOptions, 'labels' | 'autoApprove'>): string[] => [
  'Run this where the new cluster can be reached (the token is shown only now):',
  '',
  ...joinCommand(made).map((line) => `  ${line}`),
  '',
  ...(Object.keys(labels).length === 0
    ? ['Policies choose by labels: add --label hanse.dev/provider=NAME --label topology.kubernetes.io/region=NAME to set them.']
    : []),
  'For failover with the broker dead too, add --mesh-listen 0.0.0.0:7472 --mesh-address HOST (UDP; HOST is what the other agents reach it by).',
  admissionText(autoApprove),
];

const admissionText = (autoApprove: TokenOptions['autoApprove']): string => {
  if (autoApprove === undefined) return 'Then let it in:  hanse approve CLUSTER';
  return autoApprove === true
    ? 'It is let in at once.'
    : `It is let in at once if its name matches ${autoApprove.join(' or ')}; any other waits for:  hanse approve CLUSTER`;
};

/** Removes tokens: nobody joins with them any more; clusters that did stay. */
export const tokenDelete = (context: CliContext, kubeconfig: string | undefined, names: readonly string[]): Promise<void> =>
  withHub(context, kubeconfig, async ({ client }) => {
    for (const name of names) {
      await client.delete({ ...joinTokens, name });
      context.print(`token ${name} deleted`);
    }
  });

/** Prints the tokens: how often they were used, and until when they live. */
export const tokenList = (context: CliContext, kubeconfig: string | undefined): Promise<void> =>
  withHub(context, kubeconfig, async ({ client }) => {
    const tokens = (await client.list(joinTokens)).items as unknown as readonly JoinToken[];
    const rows = tokens.map(({ metadata, spec, status }) => [
      metadata.name,
      `${status?.uses ?? 0}/${spec.maxUses ?? 1}`,
      spec.expiresAt ?? '',
      approvedNames(spec),
    ]);
    for (const line of tableLines(['NAME', 'USES', 'EXPIRES', 'AUTO-APPROVE'], rows)) context.print(line);
  });
