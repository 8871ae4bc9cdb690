import type { FarServer, ServerAnswer } from '../../harness/model/app.js';

/** The lender's own server: one-time code, log-in, application, withdrawal. */
export const lender: FarServer = (request) => {
  const path = new URL(request.url).pathname;
  if (path === '/v1/login') return json(200, { code: 0, session: 's-000001' });
  if (path === '/v1/apply') return json(200, { code: 0, state: 'reviewing' });
  return json(200, { code: 0 });
};

/** A collector that takes whatever comes. */
export const collector: FarServer = () => json(200, { ok: true });

function json(status: number, body: Readonly<Record<string, unknown>>): ServerAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}
