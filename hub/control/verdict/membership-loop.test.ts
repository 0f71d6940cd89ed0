/** @module The membership: its number only grows, also where the hub's data are an older copy. */
import { afterEach, expect, it, vi } from 'vitest';
import { createStore, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import type { Membership, MeshMessage } from '../../../shared/wire/mesh.ts';
import type { HubMesh } from '../../fleet/port.ts';
import { createDirectory } from '../cluster/directory.ts';
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

let stop: () => Promise<void>;
afterEach(() => stop());

/** A loop over an empty store, and the lists that it has told. */
const started = async (shown: () => number) => {
  const env = nodeEnv(silentLog);
  const store = await createStore(memoryJournal(), { env });
  const directory = createDirectory(createLedger(), env);
  const lists: Membership[] = [];
  const seal = (message: MeshMessage): Uint8Array => {
    if (message.kind === 'members') lists.push(message);
    return new Uint8Array();
  };
  const loop = startMembershipLoop({ store, mesh, env, directory, gate: { seal }, bootId: 'b', onMembers: () => undefined, shown });
  stop = async () => {
    await loop.stop();
    await store.close();
  };
  return { lists, changed: loop.changed };
};

it('goes on above the membership that agents show with its own signature, once', async () => {
  let shown = 0;
  const { lists, changed } = await started(() => shown);
  const epochs = () => lists.map(({ epoch }) => epoch);
  await vi.waitFor(() => expect(epochs()).toEqual([1]), 5_000);
  shown = 30;
  changed();
  await vi.waitFor(() => expect(epochs()).toEqual([1, 31]), 5_000);
});
