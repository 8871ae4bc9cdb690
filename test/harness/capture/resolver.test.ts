import { describe, expect, test } from 'vitest';
import { createResolver, parseResolveRule } from '../../../harness/capture/resolver.js';
import type { ResolveRule } from '../../../harness/capture/resolver.js';

describe('a rule HOST=IP[:PORT]', () => {
  test.each<[string, ResolveRule]>([
    ['api.example.com=203.0.113.9', { host: 'api.example.com', ip: '203.0.113.9', port: null }],
    ['API.Example.com.=203.0.113.9:8443', { host: 'api.example.com', ip: '203.0.113.9', port: 8443 }],
    ['*.example.com=127.0.0.1:1', { host: '*.example.com', ip: '127.0.0.1', port: 1 }],
    ['*.com=127.0.0.1:65535', { host: '*.com', ip: '127.0.0.1', port: 65_535 }],
    ['under_score=127.0.0.1', { host: 'under_score', ip: '127.0.0.1', port: null }],
    ['借款.example=127.0.0.1', { host: 'xn--nwq047d.example', ip: '127.0.0.1', port: null }],
    ['*.借款.example=127.0.0.1', { host: '*.xn--nwq047d.example', ip: '127.0.0.1', port: null }],
    ['a.example=2001:db8::1', { host: 'a.example', ip: '2001:db8::1', port: null }],
    ['a.example=2001:db8::1:443', { host: 'a.example', ip: '2001:db8::1:443', port: null }],
    ['a.example=::1', { host: 'a.example', ip: '::1', port: null }],
    ['a.example=[::1]', { host: 'a.example', ip: '::1', port: null }],
    ['a.example=[2001:DB8::1]:443', { host: 'a.example', ip: '2001:DB8::1', port: 443 }],
    ['a.example=::ffff:127.0.0.1', { host: 'a.example', ip: '::ffff:127.0.0.1', port: null }],
    ['[2001:DB8:0::1]=127.0.0.1', { host: '2001:db8::1', ip: '127.0.0.1', port: null }],
    ['203.0.113.9=127.0.0.1:8443', { host: '203.0.113.9', ip: '127.0.0.1', port: 8443 }],
  ])('%s', (text, rule) => expect(parseResolveRule(text)).toEqual(rule));

  test.each([
    '',
    '=',
    'a.example',
    'a.example=',
    '=127.0.0.1',
    'a.example=b.example',
    'a.example=localhost',
    'a.example=127.0.0.1:',
    'a.example=127.0.0.1:0',
    'a.example=127.0.0.1:080',
    'a.example=127.0.0.1:65536',
    'a.example=127.0.0.1:8443x',
    'a.example=127.0.0.256',
    'a.example=127.1',
    'a.example=[127.0.0.1]:443',
    'a.example=[::1]x:443',
    'a.example=[::1',
    'a.example=:::1',
    'a.example=127.0.0.1=b.example',
    'a..example=127.0.0.1',
    '.example=127.0.0.1',
    'a b=127.0.0.1',
    'a%41.example=127.0.0.1',
    'a.example:443=127.0.0.1',
    '[::1]:443=127.0.0.1',
    '::1=127.0.0.1',
    '[zz]=127.0.0.1',
    '*=127.0.0.1',
    '*.=127.0.0.1',
    '*a.example=127.0.0.1',
    'a.*.example=127.0.0.1',
    '*.*.example=127.0.0.1',
    '*.[::1]=127.0.0.1',
    '*.203.0.113.9=127.0.0.1',
    `${'n'.repeat(300)}=127.0.0.1`,
    'a.example=127.0.0.1\n',
  ])('is not %j', (text) => expect(parseResolveRule(text)).toBeNull());
});

describe('a name', () => {
  const rules = (...texts: readonly string[]): ReturnType<typeof createResolver> =>
    createResolver(
      texts.map((text) => {
        const rule = parseResolveRule(text);
        if (rule === null) throw new Error(`not a rule: ${text}`);
        return rule;
      }),
    );
  const resolve = rules(
    '*.example.com=203.0.113.1',
    'api.example.com=203.0.113.2:8443',
    '*.deep.example.com=203.0.113.3',
    'lab.invalid=203.0.113.4',
    '[2001:db8::1]=203.0.113.5:1',
    '198.51.100.7=203.0.113.6',
    '借款.example=203.0.113.7',
    'six.example.net=[2001:db8::2]:8443',
  );

  test.each([
    ['api.example.com', { ip: '203.0.113.2', port: 8443 }],
    ['API.example.COM.', { ip: '203.0.113.2', port: 8443 }],
    ['other.example.com', { ip: '203.0.113.1', port: 443 }],
    ['a.b.example.com', { ip: '203.0.113.1', port: 443 }],
    ['deep.example.com', { ip: '203.0.113.1', port: 443 }],
    ['x.deep.example.com', { ip: '203.0.113.3', port: 443 }],
    ['lab.invalid', { ip: '203.0.113.4', port: 443 }],
    ['2001:db8::1', { ip: '203.0.113.5', port: 1 }],
    ['2001:DB8:0:0::1', { ip: '203.0.113.5', port: 1 }],
    ['198.51.100.7', { ip: '203.0.113.6', port: 443 }],
    ['xn--nwq047d.example', { ip: '203.0.113.7', port: 443 }],
    ['six.example.net', { ip: '2001:db8::2', port: 8443 }],
    // No rule: a literal is itself, and these never leave the machine.
    ['198.51.100.8', { ip: '198.51.100.8', port: 443 }],
    ['2001:db8::9', { ip: '2001:db8::9', port: 443 }],
    ['localhost', { ip: '127.0.0.1', port: 443 }],
    ['app.localhost', { ip: '127.0.0.1', port: 443 }],
    ['invalid', null],
    ['other.invalid', null],
  ])('%s leads where the rule that fits best says', async (name, address) => {
    expect(await resolve(name, 443)).toEqual(address);
  });

  test('that ends like a rule but is another one is not meant by it', async () => {
    const only = rules('*.invalid=203.0.113.1', 'a.b.invalid=203.0.113.2');
    for (const name of ['xinvalid.invalid', 'a.invalid']) expect(await only(name, 80)).toEqual({ ip: '203.0.113.1', port: 80 });
    expect(await only('invalid', 80)).toBeNull();
    expect(await rules('*.b.invalid=203.0.113.1')('xb.invalid', 80)).toBeNull();
  });

  test('is never asked of the system when it is in a rule, and order among rules does not matter', async () => {
    for (const texts of [
      ['*.invalid=203.0.113.1', '*.x.invalid=203.0.113.2', 'y.x.invalid=203.0.113.3'],
      ['y.x.invalid=203.0.113.3', '*.x.invalid=203.0.113.2', '*.invalid=203.0.113.1'],
    ])
      expect(await Promise.all(['y.x.invalid', 'z.x.invalid', 'z.invalid'].map((name) => rules(...texts)(name, 1)))).toEqual([
        { ip: '203.0.113.3', port: 1 },
        { ip: '203.0.113.2', port: 1 },
        { ip: '203.0.113.1', port: 1 },
      ]);
  });

  test('that no rule and no system knows is none', async () => {
    // Longer than a name may be: the system says so without asking anyone.
    expect(await createResolver([])(`${'n'.repeat(64)}.example.com`, 443)).toBeNull();
  });
});
