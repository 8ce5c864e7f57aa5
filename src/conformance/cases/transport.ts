import { API_OF_OPERATION } from '../../xks/path.ts';
import { accepts } from '../caseBuilders.ts';
import { brokenRule } from '../causes.ts';
import type { ConformanceCase, Level, Section } from '../conformanceCase.ts';
import { expectSuccess, expectThat } from '../expectations.ts';
import { keepAliveAgent } from '../../xksClient/keepAliveAgent.ts';
import { OPERATIONS, type Operation } from '../../xksClient/keyStoreClient.ts';
import type { Probe } from '../probe.ts';
import type { Answer } from '../../xksClient/sendRequest.ts';
import { unsigned } from '../unsigned.ts';
import { tls } from './tls.ts';

const NO_BODY = Buffer.alloc(0);

function refusesMethod(id: string, level: Level, title: string, send: (probe: Probe) => Promise<Answer>) {
  const run = async (probe: Probe) => {
    const { status } = await send(probe);
    expectNotAllowed(status === 405, status, `status ${status}`);
  };
  return { id, level, title, expected: '405 Method Not Allowed', run } satisfies ConformanceCase;
}

function expectNotAllowed(condition: boolean, status: number, message: string): void {
  const cause = status === 405 ? undefined : brokenRule(`Methods other than POST get status ${status} instead of 405`);
  expectThat(condition, message, cause);
}

const refusesGet = (operation: Operation) =>
  refusesMethod(`get-${operation}`, 'MUST', `Refuses GET on the URI of ${API_OF_OPERATION[operation]}`, ({ store }) =>
    store.send(operation, { method: 'GET', body: NO_BODY }),
  );

export const transport: Section = {
  name: 'transport',
  title: 'Transport',
  source: 'Specification, "API content type" and "API operations"',
  cases: [
    ...tls,
    {
      id: 'http-1.1',
      level: 'MUST',
      title: 'Answers an HTTP/1.1 request in HTTP/1.1',
      expected: '200 in HTTP/1.1',
      async run({ store }) {
        const answer = await store.call('health');
        expectSuccess(answer);
        expectThat(answer.httpVersion === '1.1', `an answer in HTTP/${answer.httpVersion}`);
      },
    },
    {
      id: 'content-type-of-success',
      level: 'MUST',
      title: 'Sends answers with the Content-Type application/json',
      expected: 'Content-Type: application/json',
      async run({ store }) {
        const answers = [await store.call('health'), await store.call('metadata'), await store.call('encrypt')];
        for (const answer of answers) {
          expectSuccess(answer);
          expectJsonType(answer);
        }
      },
    },
    {
      id: 'content-type-of-errors',
      level: 'MUST',
      title: 'Sends errors with the Content-Type application/json',
      expected: 'Content-Type: application/json',
      async run({ store }) {
        expectJsonType(await store.call('metadata', {}, { signing: { edit: unsigned } }));
        expectJsonType(await store.call('metadata', { requestMetadata: {} }));
      },
    },
    ...OPERATIONS.map(refusesGet),
    refusesMethod('get-unsigned', 'SHOULD', 'Refuses GET even if the request is unsigned', ({ store }) =>
      store.send('health', { method: 'GET', body: NO_BODY, signing: { edit: unsigned } }),
    ),
    refusesMethod('put', 'SHOULD', 'Refuses PUT', ({ store }) => store.call('encrypt', {}, { method: 'PUT' })),
    {
      id: 'allow-header',
      level: 'SHOULD',
      title: 'Names POST as the allowed method in a 405',
      expected: '405 with POST in its Allow header',
      async run({ store }) {
        const { status, headers } = await store.send('health', { method: 'GET', body: NO_BODY });
        const { allow = '(missing)' } = headers;
        expectNotAllowed(status === 405 && /\bPOST\b/.test(allow), status, `${status} with Allow: ${allow}`);
      },
    },
    {
      id: 'connection-reuse',
      level: 'SHOULD',
      title: 'Keeps a connection open for the next request',
      expected: 'the second request is answered on the connection of the first',
      async run({ store, target }) {
        const agent = keepAliveAgent(target.endpoint);
        try {
          expectSuccess(await store.call('health', {}, { agent }));
          const second = await store.call('health', {}, { agent });
          expectSuccess(second);
          expectThat(second.reusedConnection, 'the proxy closed the connection after its first answer');
        } finally {
          agent.destroy();
        }
      },
    },
    accepts('chunked', 'SHOULD', 'a body in chunked transfer encoding', ({ store }) =>
      store.call('encrypt', {}, { headers: [['transfer-encoding', 'chunked']] }),
    ),
  ],
};

function expectJsonType({ status, headers }: Answer): void {
  const type = headers['content-type'];
  const isJson = /^application\/json *(;|$)/i.test(type ?? '');
  const cause = brokenRule('Answers have a Content-Type other than application/json');
  expectThat(isJson, `${status} with Content-Type: ${type ?? '(missing)'}`, cause);
}
