/**
 * @module A playground member alone in a process, for a site whose machine is too small for real Kubernetes parts: one node, and the
 * controllers of the playground. `node playground-site.ts NAME DATA_DIR ADDRESS PORT`; it serves until it is ended.
 */
import { startMember } from '../../../../deploy/local/playground/member.ts';
import { nodeEnv, nodeLog } from '../../../../shared/node/index.ts';

const machine = { type: 'general-8', cpu: 8, memoryGi: 32, nodes: 1 };

if (import.meta.main) {
  const [name = '', dataDir = '', listen = '', port = ''] = process.argv.slice(2);
  await startMember({
    cluster: { name, provider: 'lab', region: name, zones: [`${name}-a`], providerIdScheme: 'lab', machines: [machine] },
    dataDir,
    listen,
    port: Number(port),
    env: nodeEnv(nodeLog({ level: 'warn', format: 'text' })),
  });
}
