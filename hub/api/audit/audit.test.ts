/** @module The audit log: who did what, in lines that other tools read; and a disk that fails. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../shared/kube/server/options.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { loggedEventOf } from './audit-event.ts';
import { AUDIT_FILES_KEPT, openAuditLog } from './audit-log.ts';

const event: AuditEvent = {
  requestId: 'f1c9',
  user: { name: 'jane', groups: ['dev', 'system:authenticated'] },
  verb: 'patch',
  path: '/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All',
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  subresource: 'scale',
  namespace: 'shop',
  name: 'web',
  dryRun: false,
  userAgent: 'kubectl/v1.32',
  remoteAddress: '127.0.0.1',
  receivedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  tookMs: 7,
  code: 200,
  reason: '',
};

describe('audit event', () => {
  it('has the fields of audit.k8s.io/v1 and nothing of the body', () => {
    expect(loggedEventOf(event, undefined)).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'f1c9',
      stage: 'ResponseComplete',
      requestURI: '/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All',
      verb: 'patch',
      user: { username: 'jane', groups: ['dev', 'system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      userAgent: 'kubectl/v1.32',
      objectRef: { apiGroup: 'apps', apiVersion: 'v1', resource: 'deployments', subresource: 'scale', namespace: 'shop', name: 'web' },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: '2026-01-02T03:04:05.006000Z',
      stageTimestamp: '2026-01-02T03:04:05.013000Z',
    });
  });

  it('names who really asked when it asked in the name of another, and why it was refused', () => {
    const logged = loggedEventOf({ ...event, code: 403, reason: 'Forbidden', dryRun: true }, { name: 'admin', groups: ['system:masters'] });
    expect(logged.user.username).toBe('admin');
    expect(logged.impersonatedUser?.username).toBe('jane');
    expect(logged.responseStatus).toEqual({ metadata: {}, status: 'Failure', reason: 'Forbidden', code: 403 });
    expect(logged.annotations).toEqual({ 'hanse.dev/dry-run': 'true' });
  });
});

describe('audit log', () => {
  const directories: string[] = [];
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  });
  const scratch = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'hanse-audit-'));
    directories.push(directory);
    return directory;
  };
  const linesOf = (file: string): unknown[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));

  it('writes a line an event, in order, also after a restart', async () => {
    const file = join(scratch(), 'audit', 'audit.log');
    for (const from of [0, 50]) {
      const audit = openAuditLog({ file, log: silentLog });
      for (let n = from; n < from + 50; n++) audit.write({ n });
      await audit.close();
      expect(audit.figures()).toEqual({ written: 50, lost: 0, failing: undefined });
    }
    expect(linesOf(file)).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })));
  });

  it('begins a new file at its size and keeps a bounded number of old ones', async () => {
    const directory = scratch();
    const file = join(directory, 'audit.log');
    for (let n = 0; n < AUDIT_FILES_KEPT + 5; n++) {
      const audit = openAuditLog({ file, log: silentLog, fileBytesMax: 1 });
      audit.write({ n });
      await audit.close();
    }
    expect(readdirSync(directory).sort()).toEqual([
      'audit.log',
      ...Array.from({ length: AUDIT_FILES_KEPT }, (_, age) => `audit.log.${age + 1}`),
    ]);
    expect(linesOf(file)).toEqual([{ n: AUDIT_FILES_KEPT + 4 }]);
    expect(linesOf(`${file}.1`)).toEqual([{ n: AUDIT_FILES_KEPT + 3 }]);
  });

  it('counts what a full disk swallowed, says so in its check, and goes on when there is room again', async () => {
    const file = join(scratch(), 'audit.log');
    symlinkSync('/dev/full', file);
    const audit = openAuditLog({ file, log: silentLog });
    audit.write({ n: 1 });
    await expect.poll(() => audit.check()).toMatch(/audit log .* cannot be written \(ENOSPC.*\); 1 lines lost: free space/);
    rmSync(file);
    audit.write({ n: 2 });
    await expect.poll(() => audit.check()).toBeUndefined();
    await audit.close();
    expect(linesOf(file)).toEqual([{ n: 2 }]);
    expect(audit.figures()).toMatchObject({ written: 1, lost: 1 });
  });

  it('drops and counts lines beyond its queue', async () => {
    const audit = openAuditLog({ file: join(scratch(), 'audit.log'), log: silentLog, queueMax: 10 });
    for (let n = 0; n < 25; n++) audit.write({ n });
    await audit.close();
    const { written, lost } = audit.figures();
    expect([written + lost, lost > 0]).toEqual([25, true]);
  });
});
