/** @module Who runs how many replicas: as the hub decided, and as the members themselves say. */
import { type Member, waitFor } from '../testbed/index.ts';
import { getObject, type HubProcess, type Seen } from './federation.ts';

/** Replicas by cluster. */
export type Shares = { readonly [cluster: string]: number };

/** The Deployment of `deploy/local/examples/web.yaml`. */
export const web = { namespace: 'shop', name: 'web', placement: 'web-deployment' } as const;

/** The path of that Deployment at a member. */
export const deploymentPath = `/apis/apps/v1/namespaces/${web.namespace}/deployments/${web.name}`;
const settledWithinMs = 90_000;

/** The Deployment as a member holds it; undefined when it has none. @throws when the member does not answer. */
export const deploymentIn = async (member: Member): Promise<Seen | undefined> => {
  const { status, body } = await member.call('GET', deploymentPath, { timeoutMs: 5_000 });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`${member.name} answers ${status}: ${JSON.stringify(body)}`);
  return body as Seen;
};

/** What the hub has decided. */
export const placed = async (hub: HubProcess): Promise<Shares> => {
  const placement = await getObject(hub.kubectl, ['placement', web.placement, '-n', web.namespace]);
  return Object.fromEntries((placement?.spec.clusters ?? []).map(({ name, replicas = 0 }) => [name, replicas]));
};

/** Sum of the shares. */
export const total = (shares: Shares): number => Object.values(shares).reduce((sum, count) => sum + count, 0);

/**
 * Waits until the hub has placed `wanted` replicas so that `fits` holds, each of `members` wants and has ready exactly its share, and the
 * Deployment on the hub counts them all ready. @throws with what it saw last.
 */
export const settled = async (
  hub: HubProcess,
  members: readonly Member[],
  wanted: number,
  fits: (shares: Shares) => boolean = () => true,
): Promise<Shares> => {
  let last = '';
  const look = async (): Promise<Shares | undefined> => {
    const shares = await placed(hub);
    const inMembers = await Promise.all(
      members.map(async (member) => {
        const deployment = await deploymentIn(member);
        return { name: member.name, wants: deployment?.spec.replicas ?? 0, ready: deployment?.status?.readyReplicas ?? 0 };
      }),
    );
    const onHub = (await getObject(hub.kubectl, ['deployment', web.name, '-n', web.namespace]))?.status?.readyReplicas ?? 0;
    last = `placed ${JSON.stringify(shares)}, members ${JSON.stringify(inMembers)}, ready on the hub ${onHub}`;
    const isHeld = inMembers.every(({ name, wants, ready }) => wants === (shares[name] ?? 0) && ready === wants);
    return total(shares) === wanted && fits(shares) && isHeld && onHub === wanted ? shares : undefined;
  };
  return waitFor(`${wanted} replicas`, look, { timeoutMs: settledWithinMs, pollMs: 500 }).catch((cause: unknown) => {
    throw new Error(`${wanted} replicas did not come to rest: ${last}`, { cause });
  });
};

/** Scales the Deployment on the hub. */
export const scaleTo = (hub: HubProcess, replicas: number): Promise<string> =>
  hub.kubectl(['scale', `deployment/${web.name}`, '-n', web.namespace, `--replicas=${replicas}`]);
