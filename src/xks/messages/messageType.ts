import type { JsonObject } from './fields.ts';
import type { MetadataField } from './requestMetadata.ts';

/** How the request of one API is read from its body. */
export interface MessageType<Message> {
  /** Fields of requestMetadata that it requires beyond kmsRequestId and kmsOperation. */
  readonly requiredMetadata: readonly MetadataField[];
  /** Reads everything but requestMetadata. Throws the XksErrors of the specification's "Error codes". */
  readonly parse: (body: JsonObject) => Message;
}
