/** @module Whether it is the cluster or its gateway alone that died: how often that may change. */
import { expect, test } from 'vitest';
import { counting } from './testing/counting.ts';

const policy = { holdDownMs: 30_000, holdDownMsMax: 600_000, halfLifeMs: 900_000 };
const dead = 'a:Cluster b:Cluster c:Cluster';
const gatewayDead = 'a:Cluster b:DataPlane c:DataPlane';

test('a death that one observer takes for less for a moment is the same death', () => {
  const { pass, verdicts, state } = counting(true, policy);
  pass(dead, 1_000);
  for (let at = 0; at < 10; at++) {
    pass(gatewayDead, 2_000);
    pass(dead, 2_000);
  }
  expect(verdicts()).toEqual(['Cluster Standing']);
  expect(state.subjects.get('x')?.standing?.sinceMs).toBe(0);
});

test('what lasts is told: the cluster is back without its gateway', () => {
  const { pass, verdicts } = counting(true, policy);
  pass(dead, 10_000);
  pass(gatewayDead, 10_000);
  expect(verdicts()).toEqual(['Cluster Standing', 'DataPlane Standing']);
});

test('the death of the cluster is told at once where that of its gateway stands', () => {
  const { pass, verdicts, state } = counting(true, policy);
  pass(gatewayDead, 10_000);
  pass(dead, 100);
  expect(verdicts()).toEqual(['DataPlane Standing', 'Cluster Standing']);
  // It is one death, and is answered for as one.
  expect(state.subjects.get('x')?.penalty.points).toBe(1_000);
});

test('each relapse makes the next change wait for twice as long', () => {
  const { pass, verdicts } = counting(true, policy);
  pass(dead, 1_000);
  for (let at = 0; at < 20; at++) {
    pass(gatewayDead, 10_000);
    pass(dead, 1_000);
  }
  // Ten seconds are enough after one death and after two, and not soon after the third.
  expect(verdicts()).toEqual([...['Cluster Standing', 'DataPlane Standing', 'Cluster Standing', 'DataPlane Standing'], 'Cluster Standing']);
});

test('a death that is held and taken for less for a moment is told once', () => {
  const { pass, told } = counting(false, policy);
  pass(dead, 5_000);
  for (let at = 0; at < 10; at++) {
    pass(gatewayDead, 2_000);
    pass(dead, 2_000);
  }
  pass(gatewayDead, 10_000);
  expect(told().map(({ agreed }) => [agreed?.cause, agreed?.sinceMs])).toEqual([
    ['Cluster', 0],
    ['DataPlane', 47_900],
  ]);
});
