/** @module The membership: its number only grows, also where the hub's data are an older copy; it tells who is given up. */
import { afterEach, expect, it, vi } from 'vitest';
import { createStore, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import type { Hello } from '../../../shared/wire/index.ts';
import type { Held, Membership, MeshMessage } from '../../../shared/wire/mesh.ts';
import type { HubMesh } from '../../fleet/port.ts';
import { createDirectory } from '../cluster/directory.ts';
import type { HealthPhase } from '../cluster/health.ts';
import { createLedger } from '../cluster/ledger.ts';
import { startMembershipLoop } from './membership-loop.ts';

const mesh: HubMesh = {
  publicKey: 'U',
  sign: () => new Uint8Array(),
  publish: () => undefined,
  give: () => undefined,
  credential: () => ({ jwt: '', expiresAtMs: 0 }),
  onPacket: () => () => undefined,
};

const hello: Hello = {
  ...{ v: 1, cluster: 'a', bootId: 'b', agentVersion: '1', kubernetesVersion: 'v1.36.0', nowMs: 0 },
  ...{ apis: [], runtimeClasses: [], labels: {} },
};

let stop: () => Promise<void>;
afterEach(() => stop());

/** A loop over an empty store, and the lists that it has told. */
const started = async (told: () => number) => {
  const env = nodeEnv(silentLog);
  const store = await createStore(memoryJournal(), { env });
  const directory = createDirectory(createLedger(), env.nowMs);
  const lists: Membership[] = [];
  const seal = (message: MeshMessage): Uint8Array => {
    if (message.kind === 'members') lists.push(message);
    return new Uint8Array();
  };
  const loop = startMembershipLoop({ store, mesh, env, directory, gate: { seal }, bootId: 'b', onMembers: () => undefined, told });
  stop = async () => {
    await loop.stop();
    await store.close();
  };
  return { directory, lists, changed: loop.changed };
};

it('goes on above the membership that agents say they go by, but not above one that cannot be', async () => {
  let told = Number.MAX_SAFE_INTEGER;
  const { lists, changed } = await started(() => told);
  const epochs = () => lists.map(({ epoch }) => epoch);
  await vi.waitFor(() => expect(epochs()).toEqual([1]), 5_000);
  told = 30;
  changed();
  await vi.waitFor(() => expect(epochs()).toEqual([1, 31]), 5_000);
});

it('says that a cluster is given up from when its replicas are placed elsewhere, not while it is in doubt or held by a limit', async () => {
  const { directory, lists, changed } = await started(() => 0);
  const record = directory.of('a');
  const agent = { publicKey: 'UA', sealingKey: 'k', joinedAt: '2030-01-01T00:00:00Z' };
  record.object = {
    ...{ apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'a' } },
    ...{ spec: { admission: 'Approved' }, status: { agent } },
  } as const;
  let looks = 0;
  const toldAs = async (phase: HealthPhase, held: Held | undefined, isLost: boolean): Promise<void> => {
    record.health = { ...record.health, phase };
    record.held = held;
    // So that there is news in any case.
    looks += 1;
    record.hello = { ...hello, meshAddresses: [`a.example:${looks}`] };
    changed();
    await vi.waitFor(() => expect(lists.at(-1)?.members[0]?.addresses).toEqual([`a.example:${looks}`]), 5_000);
    expect(lists.at(-1)?.members[0]?.isLost ?? false).toBe(isLost);
  };
  await toldAs('Well', undefined, false);
  await toldAs('Suspect', undefined, false);
  await toldAs('Suspect', 'Clusters', false);
  await toldAs('Lost', undefined, true);
  await toldAs('Returning', undefined, false);
});
