/** @module What the agent keeps of the mesh, so that it knows whom to watch after a restart with hub and broker both down. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { DetectorMemory } from '../../shared/health/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { makeKeyFolder } from '../link/index.ts';
import { ensureNamespace, FIELD_MANAGER, SYSTEM_NAMESPACE } from '../work/index.ts';

/** Kept: the hub's key, its signed membership, its permission, and what was found out with the others. */
export type KeptMesh = {
  readonly v: 1;
  readonly hubKey: string;
  /** The membership as the hub signed it, base64; checked again when it is read. */
  readonly members?: string;
  readonly jwt?: string;
  /** Fences that were promised, by cluster. */
  readonly fences?: readonly (readonly [string, number])[];
  /** Verdicts that stand, penalties, what counts against the limits, and gateways that have answered. */
  readonly memory?: DetectorMemory;
};

/** A place for it. */
export interface MeshStore {
  load(): Promise<KeptMesh | undefined>;
  save(kept: KeptMesh): Promise<void>;
}

const parse = (text: string): KeptMesh | undefined => {
  try {
    const value = JSON.parse(text) as Partial<KeptMesh> | null;
    return value?.v === 1 && typeof value.hubKey === 'string' ? (value as KeptMesh) : undefined;
  } catch {
    // Cut short by a crash: the hub gives it anew.
    return undefined;
  }
};

/** Writes go one after the other, so that the last one wins; a failed one keeps none after it back. */
const inTurn = (write: MeshStore['save']): MeshStore['save'] => {
  let before: Promise<unknown> = Promise.resolve();
  return (kept) => {
    const written = before.then(() => write(kept));
    before = written.catch(() => undefined);
    return written;
  };
};

/** A file beside that of the agent's keys, replaced at once. */
export const fileMeshStore = (path: string): MeshStore => {
  const write = async (kept: KeptMesh): Promise<void> => {
    await makeKeyFolder(path);
    await writeFile(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  return {
    load: async () => parse(await readFile(path, 'utf8').catch(() => '')),
    save: inTurn(write),
  };
};

const name = 'hanse-agent-mesh';
const address = { group: '', version: 'v1', resource: 'secrets', namespace: SYSTEM_NAMESPACE, name } as const;

/** A Secret of the member; its calls reject as the client does. */
export const clusterMeshStore = (client: KubeClient): MeshStore => ({
  load: async () => {
    const text = ((await client.get(address))?.data as { mesh?: unknown } | undefined)?.mesh;
    return typeof text === 'string' ? parse(Buffer.from(text, 'base64').toString('utf8')) : undefined;
  },
  save: inTurn(async (kept) => {
    await ensureNamespace(client, SYSTEM_NAMESPACE);
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: SYSTEM_NAMESPACE },
      type: 'hanse.dev/agent-mesh',
      data: { mesh: Buffer.from(JSON.stringify(kept)).toString('base64') },
    };
    await client.patch(address, 'application/apply-patch+yaml', secret, { fieldManager: FIELD_MANAGER, force: true });
  }),
});
