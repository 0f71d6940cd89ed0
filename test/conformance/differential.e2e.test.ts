/**
 * @module The same random writes to a real kube-apiserver and to ours: status, object, owned fields and refusals must be alike.
 * `HANSE_DIFFERENTIAL_SEEDS=1-5000` runs more programs; a failing one is named by its seed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiCall, apiClient, ensureTestbed, type Member, startMember } from '../testbed/index.ts';
import { type ConformanceServer, startConformanceServer } from './conformance-server.ts';
import { normalised } from './differential/answers.ts';
import { drawProgram, type Program } from './differential/programs.ts';

let directory: string;
let real: Member;
let server: ConformanceServer;
let ours: ReturnType<typeof apiClient>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hanse-differential-'));
  const testbed = await ensureTestbed();
  real = await startMember({ name: 'real', dataDir: join(directory, 'real'), testbed, parts: [] });
  server = await startConformanceServer({ loops: false });
  ours = apiClient(server.url, server.caPem, 'none');
  // Pods are refused without an account; the controller that makes it does not run.
  for (const { call } of [real, ours]) {
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await call('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pods' } } });
    await call('POST', '/api/v1/namespaces/pods/serviceaccounts', { body });
  }
});

afterAll(async () => {
  await ours?.close();
  await server?.close();
  await real?.stop();
  await rm(directory, { recursive: true, force: true });
});

const seedRange = (process.env.HANSE_DIFFERENTIAL_SEEDS ?? '1-400').split('-').map(Number);
const [firstSeed = 1, lastSeed = firstSeed] = seedRange;
const atOnce = 8;

/** What one server answers to the program, a text a step; the object as it stands closes each. */
const answersOf = async (call: ApiCall, program: Program): Promise<string[]> => {
  const texts: string[] = [];
  for (const step of program.steps) {
    const { status, body } = await call(step.method, `${program.collection}${step.path}`, {
      ...(step.body === undefined ? {} : { body: step.body }),
      headers: { 'content-type': step.contentType, ...(step.accept === undefined ? {} : { accept: step.accept }) },
    });
    texts.push(JSON.stringify({ status, body: normalised(body) }, undefined, 1));
  }
  return texts;
};

/** The first step at which the two differ, told so that a reader can replay it. */
const differenceIn = async (program: Program): Promise<{ at: string; real: string; ours: string } | undefined> => {
  const [wanted, got] = await Promise.all([answersOf(real.call, program), answersOf(ours.call, program)]);
  const at = program.steps.findIndex((_, index) => wanted[index] !== got[index]);
  if (at < 0) return undefined;
  const steps = program.steps.slice(0, at + 1).map((step) => `${step.method} ${step.path} ${JSON.stringify(step.body)}`);
  return { at: `seed ${program.seed}, ${program.kind}, step ${at}\n${steps.join('\n')}`, real: wanted[at] ?? '', ours: got[at] ?? '' };
};

test(`programs ${firstSeed}-${lastSeed} of random writes are answered as by the real API server`, async () => {
  const failed: { at: string; real: string; ours: string }[] = [];
  let next = firstSeed;
  const worker = async (): Promise<void> => {
    while (next <= lastSeed) {
      const difference = await differenceIn(drawProgram(next++));
      if (difference !== undefined) failed.push(difference);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const [shown] = failed;
  const seeds = failed.map((difference) => /seed (\d+)/.exec(difference.at)?.[1]);
  expect(shown?.ours, `${failed.length} differ (seeds ${seeds.slice(0, 40).join(' ')})\n${shown?.at}`).toEqual(shown?.real);
});
