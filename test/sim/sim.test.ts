/** @module The simulator itself: a seed repeats byte for byte, and every checker notices the fault it is there for. */
import { describe, expect, test } from 'vitest';
import type { MemberApi } from '../../agent/cluster/index.ts';
import type { FleetBus } from '../../hub/fleet/port.ts';
import { createReportReceiver, type ReportReceiver } from '../../shared/capacity/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { Journal } from '../../shared/kube/storage/index.ts';
import { openPacket } from '../../shared/wire/mesh-packet.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/messages.ts';
import { type Faults, healed } from './faults.ts';
import type { Saboteur } from './federation.ts';
import { createFleetBus } from './model/fleet-bus.ts';
import { runSeed } from './run-seed.ts';

/** Users act and everything else is well. */
const calm = (drawn: Faults): Faults => ({ ...healed(drawn), agents: 3, faultyMs: 240_000, mesh: 0, userEveryMs: 4_000, skewMsMax: 0 });

const brokenRule = async (saboteur: Saboteur, change: (faults: Faults) => Faults = (faults) => faults): Promise<string | undefined> =>
  (await runSeed(7, { saboteur, faults: (drawn) => change(calm(drawn)) })).broken?.rule;

/** A bus whose ends are changed. */
const busWith =
  (change: (bus: FleetBus, process: Parameters<typeof createFleetBus>[0]) => Partial<FleetBus>): typeof createFleetBus =>
  (process, broker, witness) => {
    const bus = createFleetBus(process, broker, witness);
    return { ...bus, ...change(bus, process) };
  };

describe('the simulator', () => {
  test('runs a seed twice to the same byte, and another seed to another', async () => {
    const [first, again, other] = [await runSeed(3), await runSeed(3), await runSeed(4)];
    expect(again).toEqual(first);
    expect(other.hash).not.toBe(first.hash);
  });

  test('says which faults a seed has before all that happens in it', async () => {
    const lines: string[] = [];
    const { faults } = await runSeed(3, { print: (line) => lines.push(line) });
    expect(lines[0]).toBe(`seed 3, faults: ${faults}`);
  });

  test('finds nothing to say of a federation without faults', async () => {
    expect(await brokenRule({})).toBeUndefined();
  });

  test('does not let anything read the real clock or chance while a seed runs, and gives them back', async () => {
    await expect(runSeed(5, { print: () => void Date.now() })).rejects.toThrow('Date.now was called during a simulation');
    expect(Date.now()).toBeGreaterThan(0);
    expect(Math.random()).toBeLessThan(1);
  });
});

describe('a checker notices', () => {
  test('a loop that never rests, however long the run may be', async () => {
    const bus = busWith((_, { env }) => {
      const spin = (): void => void env.setTimer(1, spin);
      spin();
      return {};
    });
    const { broken } = await runSeed(7, { saboteur: { bus }, faults: calm });
    expect(broken?.message).toContain('something never rests');
  });

  test('an agent that applies older work over newer', async () => {
    const first = new Map<string, KubeObject>();
    const api = (real: MemberApi): MemberApi => ({
      ...real,
      patch: async (address, type, body, options) => {
        const object = body as KubeObject;
        const old = first.get(`${real.server} ${address.resource} ${address.name}`);
        if (old !== undefined && object.kind === 'Deployment') void real.patch(address, type, old, options).catch(() => undefined);
        else first.set(`${real.server} ${address.resource} ${address.name}`, object);
        return real.patch(address, type, body, options);
      },
    });
    expect(await brokenRule({ api })).toBe('never older work over newer');
  });

  test('an agent that applies what the hub never signed', async () => {
    const api = (real: MemberApi): MemberApi => ({
      ...real,
      patch: (address, type, body, options) => {
        const object = body as KubeObject;
        const changed = object.kind === 'Deployment' ? { ...object, spec: { ...(object.spec as object), replicas: 99 } } : object;
        return real.patch(address, type, changed, options);
      },
    });
    expect(await brokenRule({ api })).toBe('an agent applies only what the hub signed');
  });

  test('an agent that deletes what nobody withdrew', async () => {
    const api = (real: MemberApi): MemberApi => ({
      ...real,
      patch: async (address, type, body, options) => {
        const object = await real.patch(address, type, body, options);
        if (object.kind === 'Deployment') void real.delete(address).catch(() => undefined);
        return object;
      },
    });
    expect(await brokenRule({ api })).toBe('every delete traces to a withdrawal');
  });

  test('a hub that withdraws from a cluster because it is silent', async () => {
    const bus = busWith((real, { env }) => {
      const sent = new Map<string, WorkItem>();
      const heard = new Map<string, number>();
      real.onBeat(({ message }) => void heard.set(message.cluster, env.nowMs()));
      const look = (): void => {
        for (const item of sent.values()) {
          if (env.nowMs() - (heard.get(item.cluster) ?? env.nowMs()) < 20_000) continue;
          const { object: _, ...rest } = item;
          void real.publishWork({ ...rest, op: 'withdraw', seq: item.seq + 1_000_000 });
        }
        env.setTimer(1_000, look);
      };
      look();
      return {
        publishWork: (item) => {
          sent.set(`${item.cluster}.${item.id}`, item);
          return real.publishWork(item);
        },
      };
    });
    const silence = (faults: Faults): Faults => ({ ...faults, silenceEveryMs: 50_000, silenceMs: 90_000 });
    expect(await brokenRule({ bus }, silence)).toMatch(/^nothing is withdrawn/);
  });

  test('a hub that forgets what it has placed', async () => {
    const bus = busWith((real) => {
      const receivers = new Map<string, ReportReceiver>();
      return {
        onReport: (handler) =>
          real.onReport((arrival) => {
            const receiver = receivers.get(arrival.message.cluster) ?? createReportReceiver();
            receivers.set(arrival.message.cluster, receiver);
            const received = receiver.receive(arrival.message.report);
            if (received.kind !== 'new') return handler(arrival);
            const { report } = received;
            const full = report.nodes.free.map((_, column) =>
              report.nodes.group.map((group) => report.groups.find(({ id }) => id === group)?.allocatable[column] ?? 0),
            );
            const empty = { ...report, nodes: { ...report.nodes, free: full }, pending: [] };
            handler({ ...arrival, message: { ...arrival.message, report: empty } });
          }),
      };
    });
    expect(await brokenRule({ bus }, (faults) => ({ ...faults, userEveryMs: 1_500 }))).toBe('no cluster above its capacity by our doing');
  });

  test('an agent that leaves the endpoints of the dead where they are', async () => {
    const api = (real: MemberApi): MemberApi => ({
      ...real,
      delete: (address, options) => (address.resource === 'endpointslices' ? Promise.resolve(undefined) : real.delete(address, options)),
    });
    const deaths = (faults: Faults): Faults => ({
      ...faults,
      ...{ agents: 4, mesh: 1, clients: 2, ttlSeconds: 5, isTiered: 0, faultyMs: 60_000, silenceEveryMs: 15_000, silenceMs: 30_000 },
    });
    expect(await brokenRule({}, deaths)).toBeUndefined();
    expect(await brokenRule({ api }, deaths)).toBe('no request to the dead after the verdict');
  });

  describe('among agents that are started anew', () => {
    const restarts = (faults: Faults): Faults => ({
      ...faults,
      ...{ agents: 5, mesh: 1, clients: 0, burstPermille: 0, faultyMs: 90_000, userEveryMs: 20_000, rollingEveryMs: 12_000 },
    });

    test('nothing, when all is as it is shipped', async () => {
      expect(await brokenRule({}, restarts)).toBeUndefined();
    });

    test('one whose silence on the dead is taken for a word for their being well', async () => {
      const first = new Map<string, string>();
      const watch: Saboteur['watch'] = (ports) => ({
        ...ports,
        open: (packet, keys) => {
          const opened = (ports.open ?? openPacket)(packet, keys);
          if (!opened.ok || opened.message.kind !== 'ballot') return opened;
          const { from, bootId } = opened.message;
          if (!first.has(from)) first.set(from, bootId);
          const well = ['c0', 'c1', 'c2', 'c3', 'c4'];
          return first.get(from) === bootId ? opened : { ...opened, message: { ...opened.message, votes: [], well } };
        },
      });
      expect(await brokenRule({ watch }, restarts)).toBe('no verdict of death is lifted over a cluster that is dead');
    });

    test('one that forgets what counts against the limit', async () => {
      const watch: Saboteur['watch'] = (ports) => ({ ...ports, memory: { kept: undefined, keep: () => undefined } });
      expect(await brokenRule({ watch }, restarts)).toBe('never more removed than the velocity limit');
    });
  });

  test('a journal that acknowledges what it did not write', async () => {
    const journal = (real: Journal): Journal => ({
      ...real,
      commit: async (writes) =>
        writes.some(({ key, op }) => op === 'put' && key.startsWith('apps/deployments/'))
          ? { ok: true, revisions: writes.map((_, at) => real.head() + at + 1) }
          : real.commit(writes),
    });
    expect(await brokenRule({ journal })).toBe('no acknowledged write is lost');
  });

  test('a loop that overwrites what a user wrote', async () => {
    let old: KubeObject | undefined;
    const journal = (real: Journal): Journal => ({
      ...real,
      commit: async (writes) => {
        const result = await real.commit(writes);
        const write = writes.find(({ key, op }) => op === 'put' && key.startsWith('apps/deployments/'));
        if (write === undefined || !result.ok) return result;
        const { name, generation } = write.object.metadata;
        if (old?.metadata.name === name && old.metadata.generation !== generation)
          await real.commit([{ op: 'put', key: write.key, object: old }]);
        old ??= write.object;
        return result;
      },
    });
    expect(await brokenRule({ journal })).toBe('no acknowledged write is lost');
  });

  test('a hub that takes replacements for ready before they are', async () => {
    const lie = (item: StatusItem): StatusItem => ({ ...item, status: { ...item.status, readyReplicas: item.status?.replicas } });
    const bus = busWith((real) => ({
      onStatus: (handler) => real.onStatus((item) => handler(item.ref.kind === 'Deployment' ? lie(item) : item)),
    }));
    const drains = (faults: Faults): Faults => ({ ...faults, drainEveryMs: 10_000 });
    expect(await brokenRule({}, drains)).toBeUndefined();
    expect(await brokenRule({ bus }, drains)).toBe('what is drained runs until its replacements are ready');
  });

  test('a hub that does not hear what became of its work', async () => {
    const deaf = (item: StatusItem): boolean => item.ref.kind === 'Deployment' && item.phase === 'Applied';
    const bus = busWith((real) => ({ onStatus: (handler) => real.onStatus((item) => (deaf(item) ? undefined : handler(item))) }));
    expect(await brokenRule({ bus })).toBe('everything converges after healing');
  });
});
