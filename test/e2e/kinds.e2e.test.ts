/** @module A kind that only a member has: told to the hub by its agent, used there with plain kubectl, and carried back into the member. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Member, waitFor } from '../testbed/index.ts';
import { getObject, type HubProcess, joinWords, startHub, untilCondition } from './federation.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
let hub: HubProcess;
let having: Member;
let lacking: Member;

const definition = (more: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.harbour.example.com' },
  spec: {
    group: 'harbour.example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', singular: 'boat', kind: 'Boat', shortNames: ['bt'], categories: ['fleet'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Berth', type: 'integer', jsonPath: '.spec.berth' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'Boat is a thing that floats.',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['berth'],
                properties: {
                  berth: { type: 'integer', minimum: 1, description: 'Where it lies.' },
                  flag: { type: 'string', default: 'white' },
                },
              },
              status: {
                type: 'object',
                properties: { conditions: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
              },
            },
            ...more,
          },
        },
      },
    ],
  },
});
const boat = { apiVersion: 'harbour.example.com/v1', kind: 'Boat', metadata: { name: 'anna', namespace: 'shop' }, spec: { berth: 7 } };
const policy = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'boats', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: boat.apiVersion, kind: boat.kind }], tiers: [{ name: 'all' }] },
};

const until = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => waitFor(what, look, { timeoutMs: 150_000, pollMs: 500 });
const inMember = (member: Member, args: readonly string[], input?: string): Promise<string> =>
  stage.kubectl(member.kubeconfig, args, input);

beforeAll(async () => {
  stage = await openStage();
  having = await stage.member('having', [{ name: 'n0' }]);
  lacking = await stage.member('lacking', [{ name: 'n0' }]);
  await inMember(having, ['apply', '-f', '-'], JSON.stringify(definition()));
  hub = await startHub(stage);
  for (const member of [having, lacking]) await stage.start(member.name, await joinWords(hub, member, ['--auto-approve']));
  for (const { name } of [having, lacking]) await untilCondition(hub, name, 'CapacityKnown', 'True');
});

afterAll(() => stage?.end());

test('api-resources and explain on the hub know the kind as the member defines it', async () => {
  const line = await until('the hub to serve boats', async () =>
    (await hub.kubectl(['api-resources', '--api-group=harbour.example.com', '--no-headers', '-o', 'wide'])).match(/^boats.*/)?.at(0),
  );
  expect(line).toMatch(/^boats +bt +harbour\.example\.com\/v1 +true +Boat .* fleet$/);
  expect(await hub.kubectl(['explain', 'boat'])).toContain('Boat is a thing that floats.');
  expect(await hub.kubectl(['explain', 'boat.spec.berth'])).toContain('Where it lies.');
});

test('what does not fit the schema is refused as the member would refuse it', async () => {
  await hub.kubectl(['create', 'namespace', 'shop']);
  const wrong = hub.kubectl(['create', '--validate=false', '-f', '-'], JSON.stringify({ ...boat, spec: { berth: 0 } }));
  await expect(wrong).rejects.toThrow('spec.berth in body should be greater than or equal to 1');
});

test('an object goes into the member that serves its kind, and not into the other', async () => {
  await hub.kubectl(['apply', '-f', '-'], [policy, boat].map((object) => JSON.stringify(object)).join('\n---\n'));
  const there = await until('the boat in the member', () => getObject((args) => inMember(having, args), ['boat', 'anna', '-n', 'shop']));
  expect(there.spec).toMatchObject({ berth: 7, flag: 'white' });
  expect(await hub.kubectl(['get', 'bt', '-n', 'shop', '--no-headers'])).toMatch(/^anna +7\s*$/);
  expect((await getObject(hub.kubectl, ['placement', 'anna-boat', '-n', 'shop']))?.spec.clusters).toMatchObject([{ name: 'having' }]);
});

test('its status comes back to the hub', async () => {
  const status = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  await inMember(having, ['patch', 'boat', 'anna', '-n', 'shop', '--subresource=status', '--type=merge', '-p', JSON.stringify(status)]);
  await until('the status on the hub', async () => {
    const seen = await getObject(hub.kubectl, ['boat', 'anna', '-n', 'shop']);
    return seen?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' ? true : undefined;
  });
});

test('a change of the definition reaches the hub; a kind that no cluster has goes when its last object does', async () => {
  await inMember(having, ['apply', '-f', '-'], JSON.stringify(definition({ description: 'Boat is a thing that swims.' })));
  await until('the new description', async () => ((await hub.kubectl(['explain', 'boat'])).includes('that swims') ? true : undefined));
  await hub.kubectl(['delete', 'boat', 'anna', '-n', 'shop']);
  await inMember(having, ['delete', 'crd', 'boats.harbour.example.com']);
  await until('the hub to forget boats', async () =>
    (await hub.kubectl(['api-resources', '--api-group=harbour.example.com', '--no-headers'])).trim() === '' ? true : undefined,
  );
});
