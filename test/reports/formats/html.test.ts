import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import htmlFormat from '../../../reports/formats/html.js';
import { buildReport } from '../../../reports/report.js';
import { story } from '../../../reports/examples.js';

const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find(existsSync);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'jiejing-page-'));
const run = join(root, 'run');
let browser: Browser;

interface Opened {
  readonly page: Page;
  readonly troubles: readonly string[];
}

async function open(
  file: string,
  options: { readonly width: number; readonly dark?: boolean; readonly bypass?: boolean },
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width: options.width, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    bypassCSP: options.bypass === true,
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => /^(file|data):/.test(request.url()) || troubles.push(`asked for ${request.url()}`));
  await page.goto(pathToFileURL(file).href);
  await page.waitForFunction(() => document.documentElement.dataset['ready'] !== undefined);
  return { page, troubles };
}

describe.skipIf(CHROMIUM === undefined)('report.html in a real browser', () => {
  beforeAll(async () => {
    const audit = spawnSync(process.execPath, ['dist/harness/cli/main.js', 'audit', 'eager', '--out', run], {
      env: { ...process.env, LANG: 'zh_CN.UTF-8', CI: '1' },
      encoding: 'utf8',
    });
    expect(audit.status, audit.stderr).toBe(1);
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const views = [1280, 390].flatMap((width) =>
    [false, true].flatMap((dark) => (['zh', 'en'] as const).map((language) => ({ width, dark, language }))),
  );
  it.each(views)('has no fault that axe finds, at $width px, dark $dark, in $language', async ({ width, dark, language }) => {
    const { page, troubles } = await open(join(run, 'report.html'), { width, dark, bypass: true });
    if (language === 'en') await page.click('#language');
    await page.evaluate(AXE);
    const found = await page.evaluate(
      'axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ") + " " + n.failureSummary).slice(0, 3).join(" | ")))',
    );
    expect(found).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  it('runs under its own policy, fetches nothing, and says on the page that it is simulated', async () => {
    const { page, troubles } = await open(join(run, 'report.html'), { width: 1280 });
    expect(troubles).toEqual([]);
    expect(await page.innerText('.simulated')).toContain('模拟运行');
    expect(await page.locator('article.card.violation').count()).toBeGreaterThan(5);
    await page.context().close();
  });

  it('shows one language at a time and switches', async () => {
    const { page } = await open(join(run, 'report.html'), { width: 1280 });
    expect(await page.innerText('h2#findings-h')).toBe('发现');
    await page.click('#language');
    expect(await page.innerText('h2#findings-h')).toBe('Findings');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    await page.context().close();
  });

  it('is worked by keyboard: an arrow chooses an event, its words are said, the table marks the same', async () => {
    const { page } = await open(join(run, 'report.html'), { width: 1280 });
    await page.focus('#chart');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    const said = await page.innerText('#chart-text');
    expect(said).toMatch(/^e\d+ · /);
    expect(await page.innerText('#events tr.on td:first-child')).toBe(said.split(' ')[0]);
    await page.context().close();
  });

  it('filters to what findings cite, and a finding leads to its event', async () => {
    const { page } = await open(join(run, 'report.html'), { width: 1280 });
    const before = await page.locator('#events tbody tr').count();
    await page.check('#only-marked');
    const after = await page.locator('#events tbody tr').count();
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(before);
    await page.locator('article.card a.event').first().click();
    expect(await page.innerText('#chart-text')).not.toBe('');
    await page.context().close();
  });

  it('an app that sends markup as its name or host gets text, not markup', async () => {
    const evil = '<img src=x onerror=document.title="owned"></script><script>document.title="owned"</script>';
    const plain = story();
    const timeline = {
      ...plain,
      head: { ...plain.head, app: { ...plain.head.app, label: evil }, handset: { ...plain.head.handset, facts: { model: evil } } },
    };
    const report = buildReport({
      timeline,
      findings: [],
      placebo: { drawn: 0, hits: 0, bytesSearched: 0, byType: [] },
      headSha256: '0'.repeat(64),
    });
    const file = join(root, 'evil.html');
    writeFileSync(file, htmlFormat.render({ report, timeline, rules: [], law: new Map(), picture: () => null, language: 'zh' }));
    const { page, troubles } = await open(file, { width: 1280 });
    expect(await page.title()).not.toBe('owned');
    expect(await page.innerText('h1')).toContain('<img src=x');
    expect(troubles).toEqual([]);
    await page.context().close();
  });
});

it('the script and style inside the page are those beside its source', () => {
  const checked = spawnSync(process.execPath, ['reports/formats/page/bundle.mjs', '--check'], { encoding: 'utf8' });
  expect(checked.stderr).toBe('');
  expect(checked.status).toBe(0);
});
