import type { Columns, EventKey } from '../html/columns.js';
import { draw, hit, laneWord, lowerBound, type View } from './chart.js';

const PAGE_ROWS = 100;
const root = document.documentElement;
const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

const data: Columns = JSON.parse(byId('columns').textContent ?? '');
const index = new Map(data.id.map((id, i) => [id, i]));
const cited = new Map<EventKey, string[]>();
for (const finding of data.findings)
  for (const event of finding.events) {
    const list = cited.get(event);
    if (list) list.push(finding.id);
    else cited.set(event, [finding.id]);
  }

const nameOf = (key: EventKey): string => (typeof key === 'number' ? `e${key}` : key);
const byName = new Map(data.id.map((key, i) => [nameOf(key), i]));

const end = Math.max(1, data.ms.at(-1) ?? 1);
const view: View = {
  from: 0,
  to: end * 1.02,
  selected: -1,
  language: root.dataset['lang'] === 'en' ? 1 : 0,
  visible: new Uint8Array(data.id.length).fill(1),
};
let shown: number[] = data.id.map((_, i) => i);
let page = 0;
let asked = false;
const canvas = byId<HTMLCanvasElement>('chart');

function redraw(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw(canvas, data, index, view);
  });
}

function text(i: number): string {
  return data.words[data.word[i] ?? 0]?.[view.language] ?? '';
}

function link(href: string, label: string): HTMLAnchorElement {
  const a = document.createElement('a');
  a.href = href;
  a.textContent = label;
  return a;
}

function cell(...parts: readonly (string | Node)[]): HTMLTableCellElement {
  const td = document.createElement('td');
  td.append(...parts);
  return td;
}

function table(): void {
  const body = byId('events').querySelector('tbody');
  const rows = shown.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS).map((i) => {
    const row = document.createElement('tr');
    const id = data.id[i] ?? 0;
    // A name of imported evidence may be that of something else on this page.
    row.id = typeof id === 'number' ? `e${id}` : `event-${id}`;
    if (i === view.selected) row.className = 'on';
    const findings = (cited.get(id) ?? []).flatMap((f) => [link(`#${f}`, f), ' ']);
    const pick = link('#timeline', nameOf(id));
    pick.dataset['event'] = nameOf(id);
    row.append(
      cell(pick),
      cell(((data.ms[i] ?? 0) / 1000).toFixed(3)),
      cell(laneWord(data.lane[i] ?? 0, view.language)),
      cell(text(i)),
      cell(...findings),
    );
    return row;
  });
  body?.replaceChildren(...rows);
  const pages = Math.max(1, Math.ceil(shown.length / PAGE_ROWS));
  byId('page-at').textContent = `${page + 1} / ${pages}`;
  byId<HTMLButtonElement>('page-back').disabled = page === 0;
  byId<HTMLButtonElement>('page-next').disabled = page >= pages - 1;
}

function select(i: number, reveal: boolean): void {
  view.selected = i;
  const id = data.id[i] ?? 0;
  byId('chart-text').textContent =
    i < 0
      ? ''
      : `${nameOf(id)} · ${((data.ms[i] ?? 0) / 1000).toFixed(3)} s · ${laneWord(data.lane[i] ?? 0, view.language)} · ${text(i)}${cited.has(id) ? ` · ${(cited.get(id) ?? []).join(', ')}` : ''}`;
  const at = shown.indexOf(i);
  if (at >= 0) page = Math.floor(at / PAGE_ROWS);
  if (reveal && i >= 0) {
    const ms = data.ms[i] ?? 0;
    const span = view.to - view.from;
    if (ms < view.from || ms > view.to) [view.from, view.to] = [ms - span / 2, ms + span / 2];
  }
  table();
  redraw();
}

function zoom(by: number, around: number): void {
  const span = Math.min(end * 1.05, Math.max(2, (view.to - view.from) * by));
  const share = (around - view.from) / (view.to - view.from);
  view.from = Math.max(-end * 0.02, around - span * share);
  view.to = view.from + span;
  redraw();
}

function filter(): void {
  const wanted = byId<HTMLInputElement>('filter').value.trim().toLowerCase();
  const marked = byId<HTMLInputElement>('only-marked').checked;
  const words = data.words.map((pair) => pair.some((w) => w.toLowerCase().includes(wanted)));
  for (let i = 0; i < data.id.length; i++) view.visible[i] = words[data.word[i] ?? 0] && (!marked || data.mark[i] !== 0) ? 1 : 0;
  shown = data.id.map((_, i) => i).filter((i) => view.visible[i]);
  page = 0;
  table();
  redraw();
}

function step(direction: 1 | -1): void {
  const start = view.selected >= 0 ? view.selected : direction > 0 ? lowerBound(data.ms, view.from) - 1 : data.ms.length;
  for (let i = start + direction; i >= 0 && i < data.ms.length; i += direction) if (view.visible[i]) return select(i, true);
}

function keys(event: KeyboardEvent): void {
  const middle = view.selected >= 0 ? (data.ms[view.selected] ?? 0) : (view.from + view.to) / 2;
  const acts: Readonly<Record<string, () => void>> = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    '+': () => zoom(0.6, middle),
    '=': () => zoom(0.6, middle),
    '-': () => zoom(1.6, middle),
    '0': all,
    Enter: () => document.querySelector('#events tr.on a')?.scrollIntoView({ block: 'center' }),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function all(): void {
  [view.from, view.to] = [0, end * 1.02];
  redraw();
}

function pointer(): void {
  let held: { readonly x: number; readonly from: number; moved: boolean } | null = null;
  const place = (e: PointerEvent | WheelEvent): { x: number; y: number } => ({
    x: e.clientX - canvas.getBoundingClientRect().left,
    y: e.clientY - canvas.getBoundingClientRect().top,
  });
  const msAt = (x: number): number => view.from + ((x - 74) / (canvas.clientWidth - 82)) * (view.to - view.from);
  canvas.addEventListener('pointerdown', (e) => {
    held = { x: e.clientX, from: view.from, moved: false };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener('pointermove', (e) => {
    if (!held) return;
    const away = e.clientX - held.x;
    if (Math.abs(away) > 3) held.moved = true;
    if (!held.moved) return;
    const span = view.to - view.from;
    view.from = held.from - (away / (canvas.clientWidth - 82)) * span;
    view.to = view.from + span;
    redraw();
  });
  canvas.addEventListener('pointerup', (e) => {
    if (held && !held.moved) {
      const i = hit(canvas, data, view, place(e));
      if (i >= 0) select(i, false);
    }
    held = null;
  });
  canvas.addEventListener(
    'wheel',
    (e) => {
      if (e.ctrlKey || Math.abs(e.deltaY) > 0) {
        e.preventDefault();
        zoom(e.deltaY > 0 ? 1.25 : 0.8, msAt(place(e).x));
      }
    },
    { passive: false },
  );
}

function language(): void {
  view.language = view.language === 0 ? 1 : 0;
  root.dataset['lang'] = view.language === 0 ? 'zh' : 'en';
  root.lang = view.language === 0 ? 'zh-CN' : 'en';
  byId('language').textContent = view.language === 0 ? 'English' : '中文';
  byId('language').lang = view.language === 0 ? 'en' : 'zh-CN';
  if (view.selected >= 0) select(view.selected, false);
  table();
  redraw();
}

function theme(): void {
  root.dataset['theme'] = root.dataset['theme'] === 'dark' ? 'light' : 'dark';
  redraw();
}

if (matchMedia('(prefers-color-scheme: dark)').matches) root.dataset['theme'] = 'dark';
byId('language').addEventListener('click', language);
byId('theme').addEventListener('click', theme);
byId('filter').addEventListener('input', filter);
byId('only-marked').addEventListener('change', filter);
byId('zoom-in').addEventListener('click', () => zoom(0.6, (view.from + view.to) / 2));
byId('zoom-out').addEventListener('click', () => zoom(1.6, (view.from + view.to) / 2));
byId('zoom-all').addEventListener('click', all);
byId('page-back').addEventListener('click', () => {
  page--;
  table();
});
byId('page-next').addEventListener('click', () => {
  page++;
  table();
});
canvas.addEventListener('keydown', keys);
document.addEventListener('click', (e) => {
  const target = e.target instanceof Element ? e.target.closest('[data-event]') : null;
  const i = target instanceof HTMLElement ? byName.get(target.dataset['event'] ?? '') : undefined;
  if (i !== undefined) select(i, true);
});
addEventListener('resize', redraw);
pointer();
table();
redraw();
root.dataset['ready'] = String(Math.round(performance.now()));
