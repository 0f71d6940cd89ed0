/** @module Rules of what the agent keeps of the mesh. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileMeshStore } from './store.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-mesh-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const kept = (hubKey: string) => ({ v: 1, hubKey }) as const;

describe('the file of the mesh', () => {
  test('of writes at once the last one wins, none fails, and nothing is left beside it', async () => {
    const store = fileMeshStore(join(folder, 'many', 'agent.json.mesh'));
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.save(kept(`key ${n}`))));
    expect(await store.load()).toEqual(kept('key 49'));
    expect(await readdir(join(folder, 'many'))).toEqual(['agent.json.mesh']);
  });

  test('a write that failed keeps none after it back', async () => {
    await writeFile(join(folder, 'blocked'), '');
    const store = fileMeshStore(join(folder, 'blocked', 'agent.json.mesh'));
    const failed = store.save(kept('a'));
    const after = failed.catch(() => rm(join(folder, 'blocked'))).then(() => store.save(kept('b')));
    await expect(failed).rejects.toThrow('there is a file of that name');
    await after;
    expect(await store.load()).toEqual(kept('b'));
  });
});
