import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bodies } from '../../../harness/model/finding.js';
import { link } from '../../../reports/link/link.js';
import type { Linked } from '../../../reports/link/link.js';
import { openRig, sha256 } from '../../harness/capture/rig.js';
import type { Caught, Rig } from '../../harness/capture/rig.js';
import { frame } from '../../harness/capture/websocket-frames.js';
import { channelOf, echoing, MASK, openApp, raw } from '../../harness/capture/websocket-rig.js';
import { ANDROID_ID, CANARIES, HEAD, IMEI, NAME_1, PHONE_1 } from './story.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

/** Links a run that the proxy recorded, all values taken as planted. */
function linked({ flows, gaps, text }: Caught): Linked {
  const bodies: Bodies = {
    read: (file, offset) => {
      for (const flow of flows)
        for (const ref of flow.bodies) if (ref.file === file && ref.offset === offset) return Buffer.from(text(flow, ref.of), 'latin1');
      throw new Error(`no bytes at ${offset} of ${file}`);
    },
  };
  return link({ head: HEAD, events: [...flows, ...gaps], manifest: { seed: '0'.repeat(32), values: CANARIES, placebos: [] }, bodies });
}

test.each([true, false])('a value inside a WebSocket message is found in that message, sure (packed: %s)', async (deflate) => {
  await echoing(rig, { perMessageDeflate: { threshold: 0 } }, (socket) => void socket.send('{"ok":true}'));
  const app = await openApp(rig, { deflate });
  // The second is packed in the words of the first.
  const rows = Array.from({ length: 100 }, (_, i) => ({ event: 'page_view', page: sha256(`${i}`), deviceId: '' }));
  const messages = [{ rows }, { rows, deviceId: ANDROID_ID.text }, { contacts: [{ name: NAME_1.text, phone: PHONE_1.text }] }];
  for (const message of messages) {
    app.send(JSON.stringify(message));
    await once(app, 'message');
  }
  app.close();
  await once(app, 'close');
  const caught = await rig.caught();
  const { links, gaps } = linked(caught);
  const message = (number: number): string | undefined =>
    caught.flows.find(
      ({ websocket, bodies }) => websocket?.kind === 'message' && websocket.number === number && bodies[0]?.of === 'request',
    )?.id;
  expect(links.map(({ value, flow, level, span }) => [value, flow, level, span.part])).toEqual([
    [ANDROID_ID.id, message(2), 'C4', 'body'],
    [NAME_1.id, message(3), 'C4', 'body'],
    [PHONE_1.id, message(3), 'C4', 'body'],
  ]);
  // The bytes of the channel are masked and packed, yet all of them were looked into.
  expect([gaps, caught.gaps]).toEqual([[], []]);
});

test('a body that came before the frames of a channel is looked into', async () => {
  const body = JSON.stringify({ imei: IMEI.text });
  const { app, sent } = await raw(rig, Buffer.alloc(0), () => {}, { body });
  const hello = frame({ opcode: 1, payload: Buffer.from('hello'), mask: MASK });
  app.write(hello);
  for (; sent().length < hello.length;) await new Promise((resolve) => setTimeout(resolve, 5));
  const caught = await rig.caught();
  expect(caught.gaps).toEqual([]);
  expect(linked(caught).links).toMatchObject([{ value: IMEI.id, flow: channelOf(caught.flows)?.id }]);
});

test('the bytes of a channel whose frames could not be read are looked into as they are', async () => {
  const { app, sent } = await raw(rig, Buffer.alloc(0), () => {});
  const unmasked = frame({ opcode: 1, payload: Buffer.from(JSON.stringify({ imei: IMEI.text })) });
  const bytes = Buffer.concat([unmasked, frame({ opcode: 1, payload: Buffer.alloc(4000, 'no mask'), mask: MASK })]);
  app.write(bytes);
  for (; sent().length < bytes.length;) await new Promise((resolve) => setTimeout(resolve, 5));
  const caught = await rig.caught();
  expect(caught.gaps.map(({ why }) => why)).toEqual(['websocket-masking: request']);
  expect(linked(caught).links).toMatchObject([{ value: IMEI.id, flow: channelOf(caught.flows)?.id }]);
});
