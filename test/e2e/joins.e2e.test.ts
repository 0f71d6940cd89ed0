/** @module Joins that fail: what the user reads on the agent, and on the Cluster where there is one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts, type Member } from '../testbed/index.ts';
import { getObject, type HubProcess, joinWords, startHub, untilCondition, withFlag } from './federation.ts';
import type { Program } from './program.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
let hub: HubProcess;
let member: Member;

beforeAll(async () => {
  stage = await openStage();
  member = await stage.member('real', [{ name: 'n0' }]);
  hub = await startHub(stage);
});

afterAll(() => stage?.end());

const words = (name: string, tokenFlags?: readonly string[]): Promise<string[]> =>
  joinWords(hub, { name, kubeconfig: member.kubeconfig }, tokenFlags);

/** Starts the agent, waits for the line of its state, and ends it. */
const waitsWith = async (name: string, args: readonly string[], line: RegExp): Promise<void> => {
  const agent = await stage.start(name, args);
  try {
    await agent.says(line);
  } finally {
    await agent.stop();
  }
};

/** Runs the agent, which must end by itself with exit code 1 and say this, once. */
const endsWith = async (args: readonly string[], message: RegExp): Promise<void> => {
  const { code, stdout, stderr } = await stage.hanse(args);
  expect(code).toBe(1);
  const errors = `${stdout}${stderr}`.split('\n').filter((line) => /Refused|error/.test(line));
  expect(errors).toEqual([expect.stringMatching(message)]);
};

/** The hub's CA, as its kubeconfig holds it. */
const hubCaFile = async (): Promise<string> => {
  const data = await hub.kubectl(['config', 'view', '--raw', '-o', 'jsonpath={.clusters[0].cluster.certificate-authority-data}']);
  const file = join(stage.dir, 'hub-ca.pem');
  await writeFile(file, Buffer.from(data, 'base64'));
  return file;
};

/** A user of the member who may read pods and nothing else. */
const limitedKubeconfig = async (): Promise<string> => {
  const kubectl = (...args: readonly string[]): Promise<string> => stage.kubectl(member.kubeconfig, args);
  await kubectl('create', 'serviceaccount', 'limited');
  await kubectl('create', 'clusterrole', 'limited', '--verb=get,list,watch', '--resource=pods');
  await kubectl('create', 'clusterrolebinding', 'limited', '--clusterrole=limited', '--serviceaccount=default:limited');
  const token = (await kubectl('create', 'token', 'limited')).trim();
  const file = join(stage.dir, 'limited.kubeconfig');
  await writeFile(file, (await readFile(member.kubeconfig, 'utf8')).replace(member.token, token));
  return file;
};

/** The member is free for another name. */
const forget = (name: string): Promise<string> => hub.kubectl(['delete', 'cluster', name]);

const hasCluster = async (name: string): Promise<boolean> => (await getObject(hub.kubectl, ['cluster', name])) !== undefined;

describe('the hub cannot be had', () => {
  test('unreachable: the address, and what to look at, again and again, with a hash and with a file', async () => {
    const [port] = await freePorts(1);
    const nowhere = `https://127.0.0.1:${port}`;
    const args = withFlag(await words('nowhere'), '--hub', nowhere);
    const withFile = withFlag(withFlag(args, '--ca-hash', undefined), '--hub-ca', await hubCaFile());
    for (const words of [args, withFile])
      await waitsWith('nowhere', words, / Joining \(HubUnreachable\): cannot reach the hub at .* \(ECONNREFUSED\): check the address/m);
  });

  test('a file without a certificate: its name', async () => {
    const args = withFlag(withFlag(await words('no-pem'), '--ca-hash', undefined), '--hub-ca', member.kubeconfig);
    await endsWith(args, /^error: no PEM certificate in .*: give the CA of the hub/);
  });

  test('another CA: which flag gives the right one', async () => {
    const other = join(stage.dir, 'other-ca.pem');
    await writeFile(other, member.ca);
    const args = withFlag(withFlag(await words('wrong-ca'), '--ca-hash', undefined), '--hub-ca', other);
    await endsWith(
      args,
      /^error: Joining \(WrongCA\): .*not signed by the CA that is trusted: give the CA of the hub with --hub-ca FILE or --ca-hash HASH/,
    );
    expect(await hasCluster('wrong-ca')).toBe(false);
  });

  test('another hash: nothing is sent', async () => {
    const args = withFlag(await words('wrong-hash'), '--ca-hash', `sha256:${'0'.repeat(64)}`);
    const { code, stderr } = await stage.hanse(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: the hub at .* presents no certificate with sha256:0{64}: this is another hub, or somebody is in between/,
    );
    expect(await hasCluster('wrong-hash')).toBe(false);
  });
});

describe('the token does not serve', () => {
  test('unknown: how to make one', async () => {
    const args = await words('unknown');
    const token = args[args.indexOf('--token') + 1] ?? '';
    await endsWith(withFlag(args, '--token', `${token}x`), /^error: Refused \(TokenUnknown\): .*hanse token create/);
    await hub.hanse(['token', 'delete', token.split('.')[0] ?? '']);
    await endsWith(args, /^error: Refused \(TokenUnknown\): the token is not known/);
    expect(await hasCluster('unknown')).toBe(false);
  });

  test('expired: since when', async () => {
    const args = await words('expired', ['late']);
    const expiresAt = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`;
    await hub.kubectl(['patch', 'jointoken', 'late', '--type=merge', '-p', JSON.stringify({ spec: { expiresAt } })]);
    await endsWith(
      args,
      new RegExp(`^error: Refused \\(TokenExpired\\): token late expired at ${expiresAt}: make a new one with: hanse token create`),
    );
    expect(await hasCluster('expired')).toBe(false);
  });

  test('used up: how often it was used', async () => {
    const args = await words('first', ['once']);
    await waitsWith('first', args, / Pending \(NotApproved\)/m);
    const second = withFlag(args, '--name', 'second');
    await endsWith(
      second,
      /^error: Refused \(TokenUsedUp\): token once has been used 1 of 1 times: make a new one with: hanse token create/,
    );
    expect(await hasCluster('second')).toBe(false);
    await forget('first');
  });
});

describe('the name', () => {
  test('of another key: both mends, on the agent and on the Cluster', async () => {
    await waitsWith('taken', await words('taken'), / Pending \(NotApproved\)/m);
    const stranger = withFlag(await words('taken'), '--key-file', join(stage.dir, 'stranger.json'));
    await endsWith(
      stranger,
      /^error: Refused \(NameTaken\): cluster taken belongs to another agent: choose another --name; or, .*delete Cluster taken/,
    );
    expect((await untilCondition(hub, 'taken', 'JoinRefused', 'NameTaken')).message).toContain('belongs to another agent');
    await forget('taken');
  });

  test('of a cluster that is joined under another: which one, and the mend', async () => {
    await waitsWith('known', await words('known', ['knows', '--auto-approve']), / Connected: /);
    await endsWith(
      await words('alias'),
      /^error: Refused \(ClusterTaken\): this cluster is joined as known already, and would count twice as alias: use the agent of known; or, .*delete Cluster known/,
    );
    expect(await hasCluster('alias')).toBe(false);
    await forget('known');
  });

  test('that is none: the letters allowed', async () => {
    await endsWith(await words('Not_A_Name'), /^error: .*"Not_A_Name" is not a cluster name: use 1 to 63 of a-z, 0-9 and -/);
  });
});

describe('the operator', () => {
  test('has deleted the Cluster: the agent ends, and says how to join again; a new token does, with the same key file', async () => {
    const keyFile = join(stage.dir, 'leaver.json');
    const args = withFlag(await words('leaver', ['leaving', '--auto-approve']), '--key-file', keyFile);
    const agent = await stage.start('leaver', args);
    await agent.says(/ Connected: /);
    await hub.kubectl(['delete', 'cluster', 'leaver']);
    const told =
      /^error: Refused \(Revoked\): .*hanse token create .*hanse join --hub .* --name leaver --token TOKEN .*rm '.*leaver\.json'/m;
    await agent.says(told);
    await endsWith(args, new RegExp(told.source));
    await waitsWith('leaver', withFlag(await words('leaver', ['again', '--auto-approve']), '--key-file', keyFile), / Connected: /);
    await hub.kubectl(['delete', 'cluster', 'leaver']);
  });

  test('has not approved yet: the command to do so, on the agent and on the Cluster; then it is connected by itself', async () => {
    const agent: Program = await stage.start('waiting', await words('waiting'));
    await agent.says(/ Pending \(NotApproved\): cluster waiting waits for approval; approve it with: hanse approve waiting/m);
    expect((await untilCondition(hub, 'waiting', 'Approved', 'PendingApproval')).message).toContain('hanse approve waiting');
    await hub.hanse(['approve', 'waiting']);
    await agent.says(/ Connected: /);
    await hub.hanse(['deny', 'waiting']);
    await agent.says(/ Refused \(Denied\): the operator denied cluster waiting/m);
    expect((await untilCondition(hub, 'waiting', 'Approved', 'Denied')).message).toContain('credentials are revoked');
    await agent.stop();
  });
});

describe('the member', () => {
  test('that forbids what the agent must read: verb and resource, on the agent and on the Cluster', async () => {
    const kubeconfig = await limitedKubeconfig();
    const agent = await stage.start('forbidden', await joinWords(hub, { name: 'forbidden', kubeconfig }, ['--auto-approve']));
    await agent.says(/ Connected: /);
    await agent.says(/this cluster forbids the agent: .*list nodes.*grant it/);
    await untilCondition(hub, 'forbidden', 'CapacityKnown', 'False');
    expect((await untilCondition(hub, 'forbidden', 'AccessGranted', 'Forbidden')).message).toMatch(
      /forbids its agent: .*list nodes.*grant it/,
    );
    await agent.stop();
  });

  test('that does not answer: which address', async () => {
    const dead = join(stage.dir, 'dead.kubeconfig');
    const [port] = await freePorts(1);
    await writeFile(dead, (await readFile(member.kubeconfig, 'utf8')).replace(member.server, `https://127.0.0.1:${port}`));
    const agent = await stage.start('dead', await joinWords(hub, { name: 'dead', kubeconfig: dead }, ['--auto-approve']));
    await agent.says(/API server does not answer/);
    const ready = await untilCondition(hub, 'dead', 'Ready', 'MemberAPIUnreachable');
    expect(ready.status).toBe('False');
    expect(ready.message).toContain('ECONNREFUSED');
    await agent.stop();
  });
});
