import { hash } from 'node:crypto';

/** SHA-256. Copying text into a buffer takes a third of the time of creating a buffer with Node's `hash`. */
export function sha256(data: string | NodeJS.ArrayBufferView): Buffer {
  return Buffer.from(hash('sha256', data, 'binary'), 'binary');
}
