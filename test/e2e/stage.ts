/** @module What a story is told on: a folder, real members, and the real commands; nothing of it outlives the story. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureTestbed, type Member, type NodeSpec, startMember, type Testbed } from '../testbed/index.ts';
import { type Ended, type Program, run, type Surroundings, startProgram } from './program.ts';

/** A stage. */
export type Stage = {
  /** Home and working directory of all programs. */
  readonly dir: string;
  readonly testbed: Testbed;
  /** Starts a real cluster. */
  readonly member: (name: string, nodes: readonly NodeSpec[]) => Promise<Member>;
  /** Starts `hanse …` and leaves it running; `name` names its log. */
  readonly start: (name: string, args: readonly string[]) => Promise<Program>;
  /** Runs `hanse …` to its end. */
  readonly hanse: (args: readonly string[]) => Promise<Ended>;
  /** Runs the real kubectl with this kubeconfig and gives its stdout. @throws with its stderr when it fails. */
  readonly kubectl: (kubeconfig: string, args: readonly string[], input?: string) => Promise<string>;
  /** Ends all programs, then all members, then removes the folder unless `HANSE_E2E_KEEP` is set, so that logs can be read. */
  readonly end: () => Promise<void>;
};

const hanseProgram = resolve(import.meta.dirname, '..', '..', 'deploy', 'local', 'hanse.ts');
const hanseWords = ['--disable-warning=ExperimentalWarning', hanseProgram];

/** A home of its own, and nothing of the user's Hanse or Kubernetes. */
const environmentIn = (dir: string): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('HANSE_') || name === 'HANSE_CACHE_DIR');
  return { ...Object.fromEntries(kept), HOME: dir, KUBECONFIG: '' };
};

/** Opens a stage. @throws when the testbed cannot be had: a story is never skipped. */
export const openStage = async (): Promise<Stage> => {
  const testbed = await ensureTestbed();
  const dir = await mkdtemp(join(tmpdir(), 'hanse-e2e-'));
  const around: Surroundings = { cwd: dir, env: environmentIn(dir) };
  const programs: Program[] = [];
  const members: Member[] = [];
  await mkdir(join(dir, 'logs'));
  return {
    dir,
    testbed,
    member: async (name, nodes) => {
      const member = await startMember({ name, dataDir: join(dir, 'members', name), nodes, testbed });
      members.push(member);
      return member;
    },
    start: async (name, args) => {
      const log = join(dir, 'logs', `${String(programs.length).padStart(2, '0')}-${name}.log`);
      const program = await startProgram(name, process.execPath, [...hanseWords, ...args], around, log);
      programs.push(program);
      return program;
    },
    hanse: (args) => run(process.execPath, [...hanseWords, ...args], around),
    kubectl: async (kubeconfig, args, input) => {
      const words = ['--kubeconfig', kubeconfig, ...args];
      const { code, stdout, stderr } = await run(testbed.tools.kubectl, words, around, input);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
      return stdout;
    },
    end: async () => {
      await Promise.all(programs.map((program) => program.stop()));
      await Promise.all(members.map((member) => member.stop()));
      if (process.env.HANSE_E2E_KEEP === undefined) await rm(dir, { recursive: true, force: true });
      else process.stderr.write(`kept: ${dir}\n`);
    },
  };
};
