/** @module A member that refuses what traffic writes: nothing is called done before, and nothing is lost meanwhile. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { openTestTraffic, type TestTraffic } from './testing/test-traffic.ts';

let member: TestTraffic;
beforeEach(async () => {
  member = await openTestTraffic();
});
afterEach(() => member.close());

describe('a member that refuses at first', () => {
  /** The member's client; writes of this resource are answered so while `isOn` says it. */
  const refusing = (resource: string, error: () => StatusError, isOn: (name: string) => boolean): KubeClient => ({
    ...member.client,
    patch: (address, ...rest) =>
      address.resource === resource && isOn(address.name) ? Promise.reject(error()) : member.client.patch(address, ...rest),
  });
  const conflict = () => new StatusError(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');

  test('a slice because others write at the same time has it written again, and nothing is called done before', async () => {
    const refused = new Map<string, number>();
    const client = refusing('endpointslices', conflict, (name) => {
      refused.set(name, (refused.get(name) ?? 0) + 1);
      return (refused.get(name) ?? 0) <= 3;
    });
    member.start(undefined, client);
    member.send();
    await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()), { timeout: 5_000, interval: 1 });
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('the slices of new clusters keeps those of the old ones until then: a service is never without endpoints', async () => {
    let isOn = false;
    member.start(
      undefined,
      refusing('endpointslices', conflict, () => isOn),
    );
    member.send({}, [{ name: 'ap', endpoints: 4 }]);
    await member.comesTo('ap 4');
    isOn = true;
    member.send({}, [{ name: 'us', endpoints: 2 }]);
    await vi.waitFor(() => expect(member.told()?.seq).toBe(member.seq()));
    for (let look = 0; look < 20; look++) expect(await member.endpoints()).toBe('ap 4');
    isOn = false;
    await member.comesTo('us 2');
  });

  test('to delete a slice does not delete it later, when it is wanted again', async () => {
    let isOn = true;
    const seen: string[] = [];
    member.start(undefined, {
      ...member.client,
      delete: async (address, ...rest) => {
        if (isOn) throw new StatusError(500, 'InternalError', 'an error on the server');
        await member.client.delete(address, ...rest);
        seen.push(await member.endpoints());
      },
    });
    member.send({}, [{ name: 'ap', endpoints: 4 }]);
    await member.comesTo('ap 4');
    member.send({}, [{ name: 'us', endpoints: 2 }]);
    await member.comesTo('ap 4, us 2');
    member.send({}, [{ name: 'ap', endpoints: 4 }]);
    isOn = false;
    await member.comesTo('ap 4');
    expect(seen).not.toContain('');
  });

  test('to answer a delete, and carries it out late, does not lose what was written meanwhile', async () => {
    let late: (() => Promise<void>) | undefined;
    member.start(undefined, {
      ...member.client,
      delete: async (address, ...rest) => {
        if (address.name.includes('us')) return member.client.delete(address, ...rest);
        late ??= () => member.client.delete(address, ...rest);
        throw new StatusError(504, 'Timeout', 'it took too long');
      },
    });
    member.send({}, [{ name: 'ap', endpoints: 4 }]);
    await member.comesTo('ap 4');
    member.send({}, [{ name: 'us', endpoints: 2 }]);
    await vi.waitFor(() => expect(late).toBeDefined());
    member.send({}, [{ name: 'ap', endpoints: 4 }]);
    await member.comesTo('ap 4');
    await expect(late?.()).rejects.toThrow(/precondition/i);
    expect(await member.endpoints()).toBe('ap 4');
  });

  test('to answer a delete for a while keeps what else serves until the slice that is wanted again is there', async () => {
    let finish: (() => void) | undefined;
    const seen: string[] = [];
    member.start(undefined, {
      ...member.client,
      delete: async (address, ...rest) => {
        if (finish === undefined) await new Promise<void>((done) => (finish = done));
        await member.client.delete(address, ...rest);
        seen.push(await member.endpoints());
      },
    });
    member.send({}, [{ name: 'ap', endpoints: 4 }]);
    await member.comesTo('ap 4');
    member.send({}, [{ name: 'us', endpoints: 2 }]);
    await vi.waitFor(() => expect(finish).toBeDefined());
    for (const endpoints of [4, 5, 6]) {
      member.send({}, [{ name: 'ap', endpoints }]);
      await vi.waitFor(() => expect(member.told()?.seq).toBe(member.seq()));
    }
    finish?.();
    await member.comesTo('ap 6');
    expect(seen).not.toContain('');
  });

  test('to keep a record for a restart is asked again', async () => {
    let refused = 0;
    const error = () => new StatusError(500, 'InternalError', 'an error on the server');
    member.start(
      undefined,
      refusing('secrets', error, () => refused++ < 2),
    );
    member.send();
    const secrets = { group: '', version: 'v1', resource: 'secrets', namespace: 'hanse-system' };
    await vi.waitFor(async () => expect((await member.client.list(secrets)).items).toHaveLength(1), { timeout: 5_000 });
  });
});
