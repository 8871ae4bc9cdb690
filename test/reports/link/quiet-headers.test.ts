import { expect, test } from 'vitest';
import { ANDROID_ID, IMEI, Story } from './story.js';

const AGENT = ['User-Agent', 'okhttp/4.9 (Linux; Android 10)'] as const;

test('a header that holds a value is found in each request, also where its bytes stood in the URL before', () => {
  const story = new Story();
  const token = Buffer.from(`imei=${IMEI.text};v=1;channel=store`).toString('base64url');
  const first = story.flow({ target: `/c?t=${token}`, headers: [['X-Token', token], AGENT] });
  const second = story.flow({ headers: [['X-Token', token], AGENT] });
  const third = story.flow({ headers: [AGENT, ['X-Device', ANDROID_ID.text]] });
  const { links, gaps } = story.link();
  expect(links.map((link) => [link.value, link.flow])).toEqual([
    [IMEI.id, first.id],
    [IMEI.id, second.id],
    [ANDROID_ID.id, third.id],
  ]);
  expect(gaps).toEqual([]);
});

test('what is not looked through again is counted as looked at', () => {
  const once = new Story();
  once.flow({ headers: [AGENT] });
  const twice = new Story();
  twice.flow({ headers: [AGENT] });
  twice.flow({ headers: [AGENT] });
  expect(twice.link().placebo.bytesSearched).toBe(2 * once.link().placebo.bytesSearched);
});
