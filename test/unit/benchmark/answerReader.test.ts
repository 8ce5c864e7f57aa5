import { expect, it } from 'vitest';
import { AnswerReader } from '../../../src/benchmark/answerReader.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

/** The result of a reader whose bytes arrive in pieces of this length. */
function read(text: string, pieceLength: number) {
  const reader = new AnswerReader();
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += pieceLength) {
    const answer = reader.push(bytes.subarray(from, from + pieceLength));
    if (answer) return { ...answer, body: answer.body.toString() };
  }
  const answer = reader.end();
  return answer && { ...answer, body: answer.body.toString() };
}

it.each([
  ['by its length', `${OK}Content-Length: 5\r\n\r\nhello`, { status: 200, body: 'hello', closes: false }],
  [
    'in chunks',
    `${OK}transfer-encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
    { status: 200, body: 'hello', closes: false },
  ],
  [
    'with trailers',
    `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n`,
    { status: 200, body: 'hello', closes: false },
  ],
  [
    'after 100',
    `HTTP/1.1 100 Continue\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
    { status: 200, body: 'ok', closes: false },
  ],
  [
    'with an end',
    'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nConnection: close\r\n\r\n',
    { status: 400, body: '', closes: true },
  ],
  ['up to the end', 'HTTP/1.0 200 OK\r\n\r\nhello', { status: 200, body: 'hello', closes: true }],
])('reads an answer %s, whole or in pieces', (_what, text, expected) => {
  for (const length of [1, 2, 7, text.length]) expect(read(text, length)).toEqual(expected);
});

it.each([
  ['that is not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 'an answer that is not HTTP/1.1'],
  ['with a wrong chunk', `${OK}transfer-encoding: chunked\r\n\r\nxyz\r\n`, 'an answer with a wrong chunk'],
  ['that would be too long', `${OK}content-length: 1048577\r\n\r\n`, 'an answer of more than 1 MiB'],
  ['whose head does not end', 'x'.repeat(65_537), 'an answer with a head of 64 KiB'],
])('refuses an answer %s', (_what, text, message) => {
  expect(() => read(text, text.length)).toThrow(message);
});

it('has no answer if a connection ends early', () => {
  expect(read(`${OK}content-length: 5\r\n\r\nhel`, 100)).toBeUndefined();
});

it('reads consecutive answers', () => {
  const reader = new AnswerReader();
  const bytes = Buffer.from(`${OK}content-length: 2\r\n\r\nok`);
  expect(reader.push(bytes)?.body.toString()).toBe('ok');
  expect(reader.push(bytes)?.body.toString()).toBe('ok');
});
