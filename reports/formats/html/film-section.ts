import type { Consent, Picture, Step } from '../../../harness/model/event.js';
import type { Words } from '../../../harness/model/finding.js';
import type { FormatParts } from '../../format.js';
import { eventWords } from '../../event-words.js';
import { both, html, trusted, type Markup } from './markup.js';

const MOST = 40;
interface Frame {
  readonly event: string;
  readonly ms: number;
  readonly words: Words;
  readonly picture: Picture;
}

/** Pictures of the screen in the order of the run: before and after each consent tap, and those the scenario asked for. */
export function filmSection({ timeline, picture }: FormatParts): Markup {
  const frames = timeline.events
    .flatMap((e): Frame[] => (e.kind === 'consent' ? consentFrames(e) : e.kind === 'step' ? stepFrames(e) : []))
    .slice(0, MOST);
  if (frames.length === 0) return html``;
  return html`<section aria-labelledby="film-h">
    <h2 id="film-h">${both({ zh: '屏幕', en: 'Screens' })}</h2>
    <ol class="film">
      ${frames.map((frame) => still(frame, picture(frame.picture.screen.file)))}
    </ol>
  </section>`;
}

function still({ event, ms, words, picture }: Frame, bytes: Uint8Array | null): Markup {
  const seconds = (ms / 1000).toFixed(1);
  const image =
    bytes === null
      ? html`<p class="note">${both({ zh: '图片缺失', en: 'picture missing' })}</p>`
      : trusted(`<img loading="lazy" width="270" height="570" alt="" src="data:image/png;base64,${base64(bytes)}">`);
  return html`<li>
    <figure>
      ${image}
      <figcaption>
        <a class="event" href="#timeline" data-event="${event}">${event}</a> ${seconds} s · ${both(words)}<br /><small
          >SHA-256 ${picture.screen.sha256.slice(0, 16)}…</small
        >
      </figcaption>
    </figure>
  </li>`;
}

function consentFrames(e: Consent): Frame[] {
  const word = eventWords(e);
  const frame = (picture: Picture | null, zh: string, en: string): Frame[] =>
    picture === null ? [] : [{ event: e.id, ms: e.at.ms, words: { zh: word.zh + zh, en: word.en + en }, picture }];
  return e.act === 'shown' ? frame(e.before, '', '') : [...frame(e.before, '之前', ', before'), ...frame(e.after, '之后', ', after')];
}

function stepFrames(e: Step): Frame[] {
  return e.picture === null ? [] : [{ event: e.id, ms: e.at.ms, words: eventWords(e), picture: e.picture }];
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
