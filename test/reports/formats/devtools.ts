import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** A browser that is here, or undefined. */
export const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find(existsSync);

/** Opens a HAR with the importer of DevTools' network panel, in a browser of its own. */
export async function inDevTools(har: string): Promise<readonly Shown[]> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    await page.goto('devtools://devtools/bundled/devtools_app.html');
    const devtools = await page.evaluateHandle<DevTools>("import('devtools://devtools/bundled/models/har/har.js')");
    return await page.evaluate(imported, { devtools, har });
  } finally {
    await browser.close();
  }
}

/** What the network panel would show of one request. */
export interface Shown {
  readonly url: string;
  readonly method: string;
  readonly status: number;
  readonly posted: string | null;
  readonly remote: string;
  readonly cookies: readonly string[];
  readonly durationMs: number;
  readonly body: string;
  readonly isBase64: boolean;
  readonly type: string;
  readonly frames: readonly { readonly type: string; readonly text: string; readonly opCode: number }[];
}

/** What of DevTools is used here. */
interface DevTools {
  readonly HARFormat: { readonly HARRoot: new (har: unknown) => { readonly log: unknown } };
  readonly Importer: { readonly Importer: { requestsFromHARLog(log: unknown): readonly DevToolsRequest[] } };
}
interface DevToolsRequest {
  readonly requestMethod: string;
  readonly statusCode: number;
  readonly endTime: number;
  readonly responseCookies: readonly { name(): string }[];
  url(): string;
  resourceType(): { name(): string };
  frames(): readonly { readonly type: string; readonly text: string; readonly opCode: number }[];
  issueTime(): number;
  remoteAddress(): string;
  requestFormData(): Promise<string | null>;
  requestContentData(): Promise<{ readonly createdFromBase64: boolean; readonly base64: string; readonly text: string }>;
}

/** Runs in DevTools' own page: imports a HAR as dropping the file into the network panel does. */
async function imported({ devtools, har }: { readonly devtools: DevTools; readonly har: string }): Promise<readonly Shown[]> {
  const { log } = new devtools.HARFormat.HARRoot(JSON.parse(har));
  const shown: Shown[] = [];
  for (const request of devtools.Importer.Importer.requestsFromHARLog(log)) {
    const content = await request.requestContentData();
    shown.push({
      url: request.url(),
      method: request.requestMethod,
      status: request.statusCode,
      posted: (await request.requestFormData()) ?? null,
      remote: request.remoteAddress(),
      cookies: request.responseCookies.map((cookie) => cookie.name()),
      durationMs: (request.endTime - request.issueTime()) * 1000,
      body: content.createdFromBase64 ? content.base64 : content.text,
      isBase64: content.createdFromBase64,
      type: request.resourceType().name(),
      frames: request.frames().map(({ type, text, opCode }) => ({ type, text, opCode })),
    });
  }
  return shown;
}
