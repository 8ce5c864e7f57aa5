import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect } from 'vitest';
import { XKS_ERROR_STATUS } from '../../src/xks/errors.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { signedHeaders } from '../support/signedRequest.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/**
 * The app with an in-memory key manager, which listens for all tests of a file because thousands of requests need
 * kept-alive connections.
 */
export class ListeningApp {
  readonly proxy = new ProxyUnderTest();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  #port = NaN;

  constructor() {
    beforeAll(async () => {
      const { port, close } = await listenLocally(createServer(this.proxy.listener));
      this.#port = port;
      return close;
    });
    afterAll(() => {
      this.#agent.destroy();
    });
  }

  async send({ method = 'POST', path, headers = {}, body = '' }: Request): Promise<Answer> {
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      method,
      path,
      headers: { ...headers },
      agent: this.#agent,
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? NaN, headers: response.headers, text: await text(response) };
  }

  /** Sends a request signed with the first credential of the first key store. */
  sendSigned(path: string, body: string | Buffer): Promise<Answer> {
    const headers = signedHeaders({ path, body, credential: this.proxy.credentials[0] });
    return this.send({ path, headers, body });
  }
}

/**
 * The name of the error. Fails unless the answer is a well-formed error of the contract other than InternalException.
 */
export function errorNameOf({ status, headers, text: received }: Answer): string {
  const body = JSON.parse(received) as { errorName: keyof typeof XKS_ERROR_STATUS };
  expect(body).toEqual({
    errorName: expect.toSatisfy(
      (name) => name !== 'InternalException' && Object.hasOwn(XKS_ERROR_STATUS, String(name)),
    ) as string,
    errorMessage: expect.stringMatching(/^[\x20-\x7e]{1,511}$/) as string,
  });
  expect(status).toBe(XKS_ERROR_STATUS[body.errorName]);
  expect(headers['content-type']).toBe('application/json');
  return body.errorName;
}
