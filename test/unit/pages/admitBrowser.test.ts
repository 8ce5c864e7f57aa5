import { describe, expect, it } from 'vitest';
import { isOfAnotherOrigin, isOfOurPage, isOurHost } from '../../../src/pages/admitBrowser.ts';

const HOSTS = ['10.0.0.7', 'proxy-1.example.com', 'fd00::7'];

describe('a Host header', () => {
  it.each([
    'localhost',
    'localhost:9464',
    'LOCALHOST:9464',
    'localhost.:9464',
    '127.0.0.1',
    '127.0.0.1:9464',
    '127.1.2.3:1',
    '[::1]:9464',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]:9464',
    '10.0.0.7:9464',
    'Proxy-1.Example.com',
    '[fd00:0::7]:9464',
  ])('%s is admitted', (host) => {
    expect(isOurHost(host, HOSTS)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'foo.localhost',
    '0.0.0.0:9464',
    '[::]:9464',
    '128.0.0.1',
    '10.0.0.8',
    '0x7f.1',
    '2130706433',
    '127.1',
    '017700000001',
    'localhost@evil.example',
    'evil.example@localhost',
    'localhost/evil.example',
    'localhost evil.example',
    'localhost,evil.example',
    'localhost:9464:9464',
    'localhost:',
    'localhost:123456',
    '::1',
    '[::1',
    '[localhost]',
    '[::1%lo]:9464',
    'http://localhost',
    'proxy-2.example.com',
    'proxy-1.example.com.evil.example',
    'löcalhost',
  ])('%s is refused', (host) => {
    expect(isOurHost(host, HOSTS)).toBe(false);
  });
});

it.each([
  [{}, false],
  [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, false],
  [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, false],
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, false],
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, true],
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, true],
  [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }, true],
])('a request with %o has another origin: %s', (headers, expected) => {
  expect(isOfAnotherOrigin(headers)).toBe(expected);
});

it.each([
  [true, { origin: 'http://localhost:4599', host: 'localhost:4599', 'sec-fetch-site': 'same-origin' }],
  [true, { origin: 'http://localhost:4599', host: 'localhost:4599' }],
  [false, { host: 'localhost:4599' }],
  [false, { origin: 'http://localhost:4599' }],
  [false, { origin: 'null', host: 'localhost:4599' }],
  [false, { origin: 'http://localhost:4598', host: 'localhost:4599' }],
  [false, { origin: 'https://localhost:4599', host: 'localhost:4599' }],
  [false, { origin: 'http://localhost:4599', host: 'localhost:4599', 'sec-fetch-site': 'cross-site' }],
])('a request comes from one of our pages: %s, with %j', (expected, headers) => {
  expect(isOfOurPage(headers)).toBe(expected);
});
