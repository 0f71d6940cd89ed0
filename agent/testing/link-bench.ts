/** @module Links of agents against a real hub with a real broker, for tests; what was started is stopped again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { testEnv } from '../../hub/fleet/testing/broker.ts';
import { startTestHub, type TestHub } from '../../hub/fleet/testing/hub.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/messages.ts';
import { type AgentLink, fileKeyStore, type LinkOptions, type StartedLink, startLink, type WorkEvent } from '../link/index.ts';

/** A hub and the links to it. */
export type LinkBench = {
  readonly hub: TestHub;
  /** Holds the key file of each cluster, `NAME.json`. */
  readonly dir: string;
  /** Starts the link of a cluster; to this hub when no other is named. */
  readonly start: (cluster: string, options?: Partial<LinkOptions>, at?: TestHub) => Promise<StartedLink>;
  /** Starts a link that is let in at once, and keeps what it hears of work. */
  readonly joined: (cluster: string, at?: TestHub) => Promise<{ readonly link: StartedLink; readonly events: WorkEvent[] }>;
  /** Stops the links that run. */
  readonly stopLinks: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts a hub without links. */
export const startLinkBench = async (): Promise<LinkBench> => {
  const hub = await startTestHub();
  const dir = await mkdtemp(join(tmpdir(), 'hanse-link-'));
  const links: StartedLink[] = [];
  const start: LinkBench['start'] = async (cluster, options = {}, at = hub) => {
    const link = await startLink({
      env: testEnv,
      cluster,
      hubUrl: at.url,
      hubCa: at.authority.certificatePem,
      labels: { 'hanse.dev/provider': 'aws' },
      kubernetesVersion: () => 'v1.36.3',
      keyStore: fileKeyStore(join(dir, `${cluster}.json`)),
      ...options,
    });
    links.push(link);
    return link;
  };
  const stopLinks = async (): Promise<void> => {
    await Promise.all(links.splice(0).map((link) => link.stop()));
  };
  return {
    hub,
    dir,
    start,
    joined: async (cluster, at = hub) => {
      const link = await start(cluster, { token: await at.token(`t-${cluster}`, { autoApprove: {} }) }, at);
      const events: WorkEvent[] = [];
      link.onWork((event) => events.push(event));
      await reaches(link, 'Connected');
      return { link, events };
    },
    stopLinks,
    stop: async () => {
      await stopLinks();
      await hub.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** Resolves when the link stands there, with this trouble or none. */
export const reaches = (link: AgentLink, phase: string, trouble?: string): Promise<void> =>
  vi.waitFor(() => expect({ phase: link.state().phase, trouble: link.state().trouble }).toEqual({ phase, trouble }), {
    timeout: 15_000,
    interval: 50,
  });

/** What an agent says of work that it applied. */
export const appliedStatus = ({ cluster, id, seq, ref }: WorkItem): StatusItem => ({
  v: 1,
  cluster,
  id,
  seq,
  ref,
  phase: 'Applied',
  observedAtMs: 5,
});
