import type { JsonObject } from './fields.ts';
import type { MetadataField } from './requestMetadata.ts';

/** Rules for reading the request of one API from its body. */
export interface MessageType<Message> {
  /** Fields of requestMetadata that the API requires in addition to kmsRequestId and kmsOperation. */
  readonly requiredMetadata: readonly MetadataField[];
  /** Reads everything but requestMetadata. Throws the XksErrors of the specification's "Error codes". */
  readonly parse: (body: JsonObject) => Message;
}
