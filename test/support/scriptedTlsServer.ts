import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { testCertificates } from './certificates.ts';
import { listenLocally } from './listenLocally.ts';

/** Handles a complete request, the `count`th of all. */
export type Script = (socket: TLSSocket, count: number) => void;

export interface ScriptedServer {
  readonly port: number;
  readonly connections: () => number;
  /** Received requests: head and body. */
  readonly requests: readonly string[];
}

/** A TLS server on 127.0.0.1 until the test has finished. Its script decides which bytes it answers with, if any. */
export async function startScriptedServer(script: Script, options: TlsOptions = {}): Promise<ScriptedServer> {
  const { certificate: cert, privateKey: key } = testCertificates.server;
  const requests: string[] = [];
  const server = createTlsServer({ cert, key, ...options }, (socket) => {
    let received = '';
    // A client that has waited long enough resets the connection.
    socket.on('error', () => undefined);
    socket.setEncoding('latin1').on('data', (text: Buffer | string) => {
      received += text.toString();
      const end = received.indexOf('\r\n\r\n') + 4;
      const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(received)?.[1]);
      if (end < 4 || received.length < end + length) return;
      requests.push(received);
      received = '';
      script(socket, requests.length);
    });
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  return { port: await listenUntilFinished(server), connections: () => connections, requests };
}

/** A port of a plain TCP server. */
export function startTcpServer(onConnection: Parameters<typeof createServer>[1]): Promise<number> {
  return listenUntilFinished(createServer(onConnection));
}

/** The bytes of an answer. */
export function httpAnswer(body: unknown, { status = 200, headers = {} }: AnswerOptions = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Some\r\n${lines.join('')}\r\n${text}`;
}

interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
}

async function listenUntilFinished(server: Server): Promise<number> {
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
  });
  const { port, close } = await listenLocally(server);
  onTestFinished(close);
  return port;
}
