/** @module The number of the membership: it only grows, also where the hub's data are an older copy. */
import { expect, it, vi } from 'vitest';
import { createStore, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import type { MeshMessage } from '../../../shared/wire/mesh.ts';
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

it('goes on above the membership that agents say they go by, but not above one that cannot be', async () => {
  const env = nodeEnv(silentLog);
  const store = await createStore(memoryJournal(), { env });
  const epochs: number[] = [];
  let told = Number.MAX_SAFE_INTEGER;
  const loop = startMembershipLoop({
    store,
    mesh,
    env,
    directory: createDirectory(createLedger(), env.nowMs),
    gate: {
      seal: (message) => {
        const sealed = message as MeshMessage;
        if (sealed.kind === 'members') epochs.push(sealed.epoch);
        return new Uint8Array();
      },
    },
    bootId: 'b',
    onMembers: () => undefined,
    told: () => told,
  });
  await vi.waitFor(() => expect(epochs).toEqual([1]), 5_000);
  told = 30;
  loop.changed();
  await vi.waitFor(() => expect(epochs).toEqual([1, 31]), 5_000);
  await loop.stop();
  await store.close();
});
