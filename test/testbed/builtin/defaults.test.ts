/** @module The rules of defaults. */
import { expect, test } from 'vitest';
import { checkPredictions, type Known } from './check.ts';
import { type Exchange, learnDefaults } from './defaults.ts';
import type { DataRule } from './rules.ts';
import type { Schemas } from './schemas.ts';

const ref = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` });

const schemas: Schemas = {
  Pod: { properties: { metadata: {}, spec: { allOf: [ref('Spec')], default: {} } } },
  Spec: { properties: { policy: {}, mode: {}, security: ref('Security'), ports: { items: ref('Port') } } },
  Security: { properties: {} },
  Port: { properties: { number: {}, protocol: {}, target: {} } },
};

const exchange = (name: string, sent: Exchange['sent'], answered: Exchange['answered']): Exchange => ({
  name,
  definition: 'Pod',
  sent,
  answered,
});

const exchanges = [
  exchange(
    'a',
    { spec: { ports: [{ number: 1 }] } },
    { metadata: { uid: 'u' }, spec: { policy: 'Always', security: {}, ports: [{ number: 1, protocol: 'TCP', target: 1 }] } },
  ),
  exchange(
    'b',
    { spec: { policy: 'Never', ports: [{ number: 2, protocol: 'UDP' }] } },
    { spec: { policy: 'Never', mode: 'x', security: {}, ports: [{ number: 2, protocol: 'UDP', target: 2 }] } },
  ),
];

const modeRule: DataRule = { definition: 'Spec', stage: 'default', when: [{ field: 'policy', equals: 'Never' }], set: { mode: 'x' } };

test('what is added wherever it was absent is a default; what is added differently needs a rule', () => {
  const { defaults, conditional } = learnDefaults(schemas, exchanges, () => undefined);
  expect(defaults).toEqual({ Spec: { policy: 'Always', security: {} }, Port: { protocol: 'TCP' } });
  expect(conditional.map((line) => line.split(':')[0])).toEqual(['Spec.mode', 'Port.target']);
});

test('a field that a rule speaks of is left to the rule', () => {
  const { conditional } = learnDefaults(schemas, exchanges, (_, field) => (field === 'mode' ? 'data' : 'name'));
  expect(conditional).toEqual([]);
});

test('the check names each difference between prediction and answer, and trusts named rules', () => {
  const { defaults } = learnDefaults(schemas, exchanges, () => undefined);
  const target = { definition: 'Port', stage: 'default', name: 'targetFromNumber', fields: ['target'], does: '' } as const;
  const types = { omitEmpty: {}, always: {}, protobuf: {} };
  const known = (rules: Known['data']['rules']): Known => ({ schemas, data: { defaults, rules }, types });
  expect(checkPredictions(known([modeRule, target]), exchanges)).toEqual([]);
  expect(checkPredictions(known([target]), exchanges)).toEqual(['b.spec.mode: ours undefined, the server\'s "x"']);
});

test('empty values that the Go types drop do not count as set, and what they always write is expected', () => {
  const known: Known = {
    schemas,
    data: { defaults: { Spec: { policy: 'Always' } }, rules: [] },
    types: { omitEmpty: { Spec: ['policy', 'ports'] }, always: { Pod: { metadata: {} }, Spec: { security: {} } }, protobuf: {} },
  };
  const sent = { spec: { policy: '', ports: [], mode: null } };
  expect(checkPredictions(known, [exchange('c', sent, { spec: { policy: 'Always', security: {} } })])).toEqual([]);
});
