/**
 * @module Tells every agent who takes part in finding out who died, by a numbered list that the hub signs, and gives each its permission to
 * speak to the others.
 */

import { defaultFailoverPolicy, type FailoverPolicy, hanseApiVersion, hanseGroup } from '../../../shared/api/index.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { hubName } from '../../../shared/wire/mesh.ts';
import type { MeshGate } from '../../../shared/wire/mesh-gate.ts';
import type { HubMesh } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser, newMetadata } from '../objects.ts';
import { type Membered, membersOf } from './membership.ts';
import { startPacer } from './pacer.ts';

/** What the loop is built from. */
export type MembershipLoopOptions = {
  readonly store: Store;
  readonly mesh: HubMesh;
  readonly env: RuntimeEnv;
  readonly directory: Directory;
  readonly gate: Pick<MeshGate, 'seal'>;
  /** Of this start of the hub. */
  readonly bootId: string;
  /** A new list, as it goes to the agents. */
  readonly onMembers: (packet: Uint8Array) => void;
  /** Number of the newest list with this hub's signature that an agent has shown, or that was made here. */
  readonly shown: () => number;
};

/** A running loop. */
export type MembershipLoop = {
  /** A Cluster, a FailoverPolicy or what an agent says of itself changed. */
  readonly changed: () => void;
  /** Gives an agent the list and its permission, when its turn comes. */
  readonly give: (name: string) => void;
  /** The list in force; undefined before the first. */
  readonly current: () => Membered | undefined;
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

/**
 * Every agent is told all members, so that what is told grows with the square of the fleet: the larger it is, the longer changes are gathered
 * and the rarer it is told again (which it must be, because core messages are not kept). Up to some twenty clusters the first figures hold.
 */
const gatherMs = (members: number): number => Math.max(300, members * 30);
const giveEveryMs = (members: number): number => Math.max(10_000, members * 600);
const key = 'members';
const policyKey = keyOf(hanseGroup, 'failoverpolicies', '', defaultFailoverPolicy);

/** The policy that holds for the whole fleet. */
export const storedPolicy = (store: Pick<Store, 'get'>): FailoverPolicy | undefined =>
  store.get(policyKey)?.object as unknown as FailoverPolicy | undefined;

/** Starts the loop; the first list is made at once. */
export const startMembershipLoop = (options: MembershipLoopOptions): MembershipLoop => {
  const { store, mesh, env, directory, gate, bootId } = options;
  const permissionOf = keepPermissions(env, mesh);
  let current: (Membered & { readonly epoch: number; readonly packet: Uint8Array }) | undefined;
  let seq = 0;
  const size = (): number => current?.members.length ?? 0;
  const head = () => ({ v: 1 as const, from: hubName, bootId, seq: ++seq, sentMs: 0 });

  const giveNow = (name: string): void => {
    const member = current?.members.find((one) => one.name === name);
    if (current === undefined || member === undefined || name === hubName) return;
    const { jwt, expiresAtMs } = permissionOf(name, member.publicKey);
    const permission = gate.seal({ ...head(), kind: 'credential', to: name, jwt, expiresAtMs });
    mesh.give(name, current.packet);
    if (permission !== undefined) mesh.give(name, permission);
  };
  const giving = startPacer({ env, sizeOf: () => current?.packet.length ?? 0, give: giveNow });

  const wanted = (): Membered =>
    membersOf(
      directory.all().flatMap(({ name, object, hello }) => {
        if (object === undefined) return [];
        const { meshAddresses = [], labels = {} } = hello ?? {};
        return [{ cluster: object, meshAddresses, labels, liveness: directory.liveness(name) }];
      }),
      storedPolicy(store)?.spec ?? {},
      mesh.publicKey,
    );

  /** True when agents go by a list that is above ours: our data are an older copy, and they refuse what is not above it. */
  const isBehind = (): boolean => options.shown() > (current?.epoch ?? 0);

  /** The policy is made when it is missing; its status counts the lists, so that a hub that starts again goes on above the last. */
  const reconcile = async (): Promise<Outcome> => {
    const stored = store.get(policyKey);
    if (stored === undefined) return (await makePolicy(store, env)) ?? { outcome: 'again', afterMs: 0 };
    const next = wanted();
    if (current !== undefined && !isBehind() && sameJson({ members: current.members, policy: current.policy }, next)) return done;
    if (isBehind())
      env.log.warn('agents go by a newer membership than this hub knows: it is told anew above theirs', {
        shown: options.shown(),
        ours: current?.epoch ?? 0,
      });
    const status = storedPolicy(store)?.status;
    const epoch = Math.max(current?.epoch ?? 0, status?.membershipEpoch ?? 0, options.shown()) + 1;
    const object = { ...stored.object, status: { ...status, membershipEpoch: epoch, members: next.members.length } };
    const problem = await commit(store, [{ op: 'put', key: policyKey, expected: stored.revision, object, by: controlUser }]);
    if (problem !== undefined) return problem;
    const packet = gate.seal({ ...head(), kind: 'members', epoch, ...next });
    if (packet === undefined) {
      env.log.error('the membership is too large to be told to the agents: they go on by the last one', { members: next.members.length });
      return done;
    }
    current = { ...next, epoch, packet };
    options.onMembers(packet);
    for (const { name } of next.members) giving.add(name);
    return done;
  };
  const controller: Controller = startController({ name: 'verdict', env, workers: 1, reconcile });

  let cancelGive: () => void = () => undefined;
  const giveLater = (): void => {
    cancelGive = env.setTimer(giveEveryMs(size()), () => {
      if (isBehind()) controller.add(key);
      for (const { name } of current?.members ?? []) giving.add(name);
      giveLater();
    });
  };
  giveLater();
  controller.add(key);
  return {
    changed: () => controller.addAfter(key, gatherMs(size())),
    give: giving.add,
    current: () => current,
    pending: controller.pending,
    stop: async () => {
      cancelGive();
      giving.stop();
      await controller.stop();
    },
  };
};

/** The permission of each agent, kept until half of its life has passed. */
const keepPermissions = (env: RuntimeEnv, mesh: HubMesh) => {
  const permissions = new Map<string, { publicKey: string; jwt: string; mintedMs: number; expiresAtMs: number }>();
  return (name: string, publicKey: string): { readonly jwt: string; readonly expiresAtMs: number } => {
    const kept = permissions.get(name);
    const nowMs = env.nowMs();
    if (kept?.publicKey === publicKey && nowMs - kept.mintedMs < (kept.expiresAtMs - kept.mintedMs) / 2) return kept;
    const made = { publicKey, mintedMs: nowMs, ...mesh.credential(publicKey, name) };
    permissions.set(name, made);
    return made;
  };
};

const makePolicy = (store: Store, env: RuntimeEnv): Promise<Outcome | undefined> => {
  const metadata = newMetadata(env, defaultFailoverPolicy, '');
  const object = { apiVersion: hanseApiVersion, kind: 'FailoverPolicy', metadata, spec: {} };
  return commit(store, [{ op: 'put', key: policyKey, expected: 0, object, by: controlUser }]);
};
