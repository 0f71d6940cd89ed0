/** @module What the link does after each answer, and how troubles are told apart. */
import { describe, expect, test } from 'vitest';
import type { JoinRefusal } from '../../shared/wire/messages.ts';
import { afterJoin } from './after-join.ts';
import { renewAfterMs, retryAfterMs } from './renewal.ts';
import { hubTrouble, natsTrouble, refusalTrouble } from './trouble.ts';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

describe('after an answer', () => {
  test('admitted: at once on; pending: when the hub says; refused: slower and slower', () => {
    const known = { backoffMs: 9, hasCredential: false, wasAdmitted: false };
    const admitted = { jwt: 'j', expiresAtMs: 1, natsUrls: [], natsCa: '', hubKey: '', beatIntervalMs: 1 };
    expect(afterJoin({ v: 1, state: 'Admitted', ...admitted }, known)).toEqual({ admitted, waitMs: 0 });
    expect(afterJoin({ v: 1, state: 'Pending', message: 'm', retryAfterMs: 5 }, known)).toMatchObject({ phase: 'Pending', waitMs: 5 });
    expect(afterJoin({ v: 1, state: 'Refused', reason: 'RateLimited', message: 'm', retryAfterMs: 60 }, known)).toMatchObject({
      phase: 'Refused',
      trouble: 'RateLimited',
      waitMs: 60,
    });
    expect(afterJoin({ trouble: 'HubUnreachable', message: 'm' }, { ...known, hasCredential: true })).toMatchObject({
      phase: 'Disconnected',
      waitMs: 9,
    });
  });

  test.each<[JoinRefusal, boolean, boolean]>([
    ['TokenUnknown', true, false],
    ['TokenExpired', true, false],
    ['TokenUsedUp', true, false],
    ['NameTaken', true, false],
    ['KeyTaken', true, false],
    ['NameInvalid', true, false],
    ['Revoked', true, true],
    ['Denied', false, false],
    ['ClockSkew', false, false],
    ['RateLimited', false, false],
  ])('%s: asking again is useless at the first join %s, later %s', (reason, atFirst, later) => {
    const isFinal = (wasAdmitted: boolean): boolean | undefined => {
      const known = { backoffMs: 9, hasCredential: false, wasAdmitted };
      const step = afterJoin({ v: 1, state: 'Refused', reason, message: 'm' }, known);
      return step.admitted === undefined ? step.isFinal : undefined;
    };
    expect([isFinal(false), isFinal(true)]).toEqual([atFirst, later]);
  });

  test.each([
    ['WrongCA', true],
    ['HubUnreachable', false],
    ['ClockSkew', false],
  ] as const)('a hub with %s ends the first join: %s; an agent that was in before asks for ever', (trouble, isFinal) => {
    const known = { backoffMs: 9, hasCredential: false, wasAdmitted: false };
    expect(afterJoin({ trouble, message: 'm' }, known)).toMatchObject({ phase: 'Joining', isFinal });
    expect(afterJoin({ trouble, message: 'm' }, { ...known, wasAdmitted: true })).toMatchObject({ isFinal: false });
  });

  test('a reason of a newer hub is still shown', () => {
    expect(refusalTrouble('SomethingNew', 'do this')).toEqual({ trouble: 'HubError', message: 'do this' });
    expect(refusalTrouble('constructor', 'm').trouble).toBe('HubError');
  });
});

describe('a trouble', () => {
  test.each([
    ['ECONNREFUSED', 'HubUnreachable', 'NatsUnreachable'],
    ['ENOTFOUND', 'HubUnreachable', 'NatsUnreachable'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'WrongCA', 'NatsWrongCA'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'WrongCA', 'NatsWrongCA'],
    ['CERT_NOT_YET_VALID', 'ClockSkew', 'ClockSkew'],
    ['CERT_HAS_EXPIRED', 'ClockSkew', 'ClockSkew'],
  ])('%s is %s at the hub and %s at the broker, also as a cause', (code, atHub, atBroker) => {
    expect(hubTrouble(new Error('fetch failed', { cause: coded(code) }), 'https://hub').trouble).toBe(atHub);
    expect(natsTrouble(Object.assign(coded('CONNECTION_REFUSED'), { chainedError: coded(code) }), ['tls://nats']).trouble).toBe(atBroker);
  });

  test('of an authorization is one of the credential', () => {
    expect(natsTrouble(coded('AUTHORIZATION_VIOLATION'), []).trouble).toBe('CredentialsExpired');
  });

  test('an error that names itself as its cause ends', () => {
    const endless = coded('A');
    endless.cause = endless;
    expect(hubTrouble(endless, 'https://hub').trouble).toBe('HubUnreachable');
  });
});

test('renewal is at half of the life, give or take a tenth, and again ever sooner', () => {
  expect(renewAfterMs(1_000_000, () => 0)).toBe(450_000);
  expect(renewAfterMs(1_000_000, () => 1)).toBeCloseTo(550_000);
  expect(renewAfterMs(-5, () => 0)).toBe(0);
  expect([retryAfterMs(1_000_000), retryAfterMs(100)]).toEqual([50_000, 1_000]);
});
