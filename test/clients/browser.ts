import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { outputOf } from './tools.js';

/** What Chromium is to do: post one form field through the proxy; nothing in it needs escaping. */
export interface Visit {
  readonly executable: string;
  /** A folder of the test's own. */
  readonly folder: string;
  readonly proxyPort: number;
  readonly caFile: string;
  readonly url: string;
  readonly field: { readonly name: string; readonly value: string };
}

/** Posts the form as a person does who presses its button; gives the bytes of the page that came back. */
export async function visit({ executable, folder, proxyPort, caFile, url, field }: Visit): Promise<Buffer> {
  const home = mkdtempSync(join(folder, 'browser-'));
  const trusts = await trust(home, caFile);
  const browser = await chromium.launch({
    executablePath: executable,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
      // What it asks of its maker by itself is none of the test's, and goes nowhere.
      `--proxy-pac-url=data:application/x-ns-proxy-autoconfig;base64,${Buffer.from(pac(proxyPort)).toString('base64')}`,
      ...(trusts ? [] : ['--ignore-certificate-errors']),
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
  try {
    const page = await browser.newPage();
    const { name, value } = field;
    await page.setContent(
      `<form method="post" enctype="text/plain" action="${url}"><input type="hidden" name="${name}" value="${value}"><button>Send</button></form>`,
    );
    const [response] = await Promise.all([page.waitForResponse(url), page.click('button')]);
    if (response.status() !== 200) throw new Error(`status ${response.status()}`);
    return await response.body();
  } finally {
    await browser.close();
  }
}

const pac = (port: number): string =>
  `function FindProxyForURL(url, host) { return dnsDomainIs(host, '.test') ? 'PROXY 127.0.0.1:${port}' : 'DIRECT'; }`;

/** Puts the CA where Chromium on Linux looks for the certificates of its user; false where there is no program that can (libnss3-tools). */
async function trust(home: string, caFile: string): Promise<boolean> {
  const store = join(home, '.pki/nssdb');
  mkdirSync(store, { recursive: true });
  const certutil = (...args: readonly string[]): Promise<Buffer> => outputOf({ file: 'certutil', args: [...args, '-d', `sql:${store}`] });
  try {
    await certutil('-N', '--empty-password');
  } catch (error) {
    if (!String(error).includes('ENOENT')) throw error;
    console.log('no certutil: Chromium is told to take any certificate');
    return false;
  }
  await certutil('-A', '-n', 'lab', '-t', 'C,,', '-i', caFile);
  return true;
}
