/** @module `/livez`, `/readyz`, `/healthz`: named checks, each also at a path of its own, told in full with `?verbose`. */
import type { Hono } from 'hono';
import { messageOf } from '../../lib/message-of.ts';
import { noSuchPath } from './errors.ts';
import type { HealthCheck } from './options.ts';

type Checks = Readonly<Record<string, HealthCheck>>;

/** Routes of the health checks. `ping` is always there; `/healthz` runs what `/livez` runs. */
export const addHealth = (app: Hono<never>, checks: { readonly livez: Checks; readonly readyz: Checks }): void => {
  const all: Readonly<Record<string, Checks>> = { healthz: checks.livez, livez: checks.livez, readyz: checks.readyz };
  for (const [name, own] of Object.entries(all)) {
    const named: Checks = { ping: () => undefined, ...own };
    app.get(`/${name}`, (c) => healthAnswer(name, named, c.req.query('verbose') !== undefined, c.req.queries('exclude') ?? []));
    app.get(`/${name}/:check`, (c) => {
      const check = c.req.param('check');
      const found = named[check];
      if (found === undefined) throw noSuchPath();
      return healthAnswer(name, { [check]: found }, false, []);
    });
  }
};

const healthAnswer = async (name: string, checks: Checks, verbose: boolean, excluded: readonly string[]): Promise<Response> => {
  const lines: string[] = [];
  let failed = false;
  for (const [check, run] of Object.entries(checks)) {
    if (excluded.includes(check)) {
      lines.push(`[+]${check} excluded: ok`);
      continue;
    }
    const fault = await outcomeOf(run);
    failed ||= fault !== undefined;
    lines.push(fault === undefined ? `[+]${check} ok` : `[-]${check} failed: ${fault}`);
  }
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-cache, private',
    'X-Content-Type-Options': 'nosniff',
  };
  if (failed) return new Response(`${lines.join('\n')}\n${name} check failed\n`, { status: 500, headers });
  return new Response(verbose ? `${lines.join('\n')}\n${name} check passed\n` : 'ok', { status: 200, headers });
};

const outcomeOf = async (run: HealthCheck): Promise<string | undefined> => {
  try {
    return await run();
  } catch (error) {
    return messageOf(error);
  }
};
