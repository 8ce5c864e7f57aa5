import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { runSuite } from '../../src/conformance/runSuite.ts';
import { suite } from '../../src/conformance/suite.ts';
import type { ConformanceReport } from '../../src/conformance/report/conformanceReport.ts';
import { connectionOptions } from '../../src/xksClient/sendRequest.ts';
import type { Target } from '../../src/xksClient/target.ts';
import { startFakeXksProxy } from './fakeXksProxy.ts';
import type { Reply } from './fakeXksProxySteps.ts';
import { listenLocally } from './listenLocally.ts';

/** An answer without its random parts. A 200 with a ciphertext or plaintext has no body, but lists its null members. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly nulls?: readonly string[];
}

/** A proxy's answers to each case, by the case's id. A request without an answer has no entry. */
export type Recording = Record<string, RecordedAnswer[]>;

type Sections = typeof suite;

/** The running case. */
interface Current {
  id: string | undefined;
}

/** Runs the suite on a plain-HTTP proxy through a forwarder that records its answers. */
export async function record(target: Target): Promise<{ recording: Recording; report: ConformanceReport }> {
  const current: Current = { id: undefined };
  const recording: Recording = {};
  const { port, close } = await listenLocally(
    createServer((incoming, response) => {
      const { id } = current;
      forward(target, incoming, response, (answer) => {
        if (id !== undefined) (recording[id] ??= []).push(answer);
      });
    }),
  );
  try {
    const endpoint = { ...target.endpoint, connectTo: { host: '127.0.0.1', port } };
    return { recording, report: await run({ ...target, endpoint }, following(current)) };
  } finally {
    await close();
  }
}

/** Runs the suite on the recorded answers. A correct proxy answers where no answer, or a random one, was recorded. */
export async function replay(recording: Recording): Promise<ConformanceReport> {
  const current: Current = { id: undefined };
  const left = new Map(Object.entries(recording).map(([id, answers]) => [id, [...answers]]));
  const fake = await startFakeXksProxy({
    reply: (reply) => replace(reply, left.get(current.id ?? '')?.shift()),
  });
  try {
    return await run({ ...fake.target, secondKeyStore: undefined, keys: NO_KEYS }, following(current));
  } finally {
    await fake.close();
  }
}

// Response headers that cases check.
const JUDGED_HEADERS = ['content-type', 'allow'] as const;

const NO_KEYS = { encryptOnly: undefined, decryptOnly: undefined, noUsage: undefined, blocked: undefined };

function run(target: Target, sections: Sections): Promise<ConformanceReport> {
  const stop = new AbortController().signal;
  return runSuite(target, { sections, requests: 0, stop, onProgress: () => undefined });
}

/** The suite, which sets `current` to the running case. */
function following(current: Current): Sections {
  return suite.map((section) => ({
    ...section,
    cases: section.cases.map((one) => ({
      ...one,
      run: async (probe) => {
        current.id = one.id;
        try {
          await one.run(probe);
        } finally {
          current.id = undefined;
        }
      },
    })),
  }));
}

function forward(
  { endpoint }: Target,
  incoming: IncomingMessage,
  response: ServerResponse,
  keep: (answer: RecordedAnswer) => void,
): void {
  const { method, url: path, rawHeaders: headers } = incoming;
  const outgoing = httpRequest({ ...connectionOptions(endpoint), method, path, headers, agent: false });
  outgoing.on('error', () => response.destroy());
  outgoing.on('response', (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      keep(condense(answer, body.toString()));
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders).end(body);
    });
  });
  incoming.pipe(outgoing);
}

function condense({ statusCode: status = 0, headers }: IncomingMessage, text: string): RecordedAnswer {
  const body = parse(text);
  const judged = JUDGED_HEADERS.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []));
  const answer = { status, headers: Object.fromEntries(judged) as Record<string, string> };
  if (status !== 200 || typeof body !== 'object' || body === null || !('ciphertext' in body || 'plaintext' in body)) {
    return { ...answer, ...(body !== undefined && { body }) };
  }
  const nulls = Object.entries(body).flatMap(([name, value]) => (value === null ? [name] : []));
  return { ...answer, ...(nulls.length > 0 && { nulls }) };
}

function replace(reply: Reply, recorded: RecordedAnswer | undefined): Reply {
  if (!recorded) return reply;
  const { status, headers = {}, body, nulls = [] } = recorded;
  if (body !== undefined || status !== 200 || reply.status !== 200) return { status, headers, body: body ?? {} };
  const members = Object.fromEntries(nulls.map((name) => [name, null]));
  return { status, headers, body: { ...(reply.body as object), ...members } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text === '' ? undefined : text;
  }
}
