import type { Request } from 'express';
import type { Identity } from '../arn.ts';
import { KmsError } from '../kmsError.ts';
import type { Service } from './service.ts';

const ALGORITHM = /^AWS4-HMAC-SHA256\s+/;
const CREDENTIAL =
  /^(?<accessKeyId>[^/\s]{1,128})\/\d{8}\/(?<region>[^/\s]+)\/(?<service>[^/\s]+)\/(?<terminator>[^/\s]+)$/;
const SIGNED_HEADERS = /^[a-z0-9-]+(;[a-z0-9-]+)*$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * Returns the access key id from the Authorization header of a request that is signed with SigV4 for the service in this Region. The
 * signature is not verified, because the local KMS has no secrets of callers. Throws MissingAuthenticationTokenException,
 * IncompleteSignatureException and InvalidSignatureException.
 */
export function accessKeyIdOf(req: Request, { signingName }: Service, { region }: Identity): string {
  const header = req.get('Authorization');
  if (header === undefined) throw new KmsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const algorithm = ALGORITHM.exec(header)?.[0];
  if (algorithm === undefined) throw incomplete('The algorithm of the Authorization header must be AWS4-HMAC-SHA256.');
  const parameters = new Map(header.slice(algorithm.length).split(',').map(parameterOf));

  const lacking = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!req.get('X-Amz-Date') && !req.get('Date')) {
    lacking.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (lacking.length > 0) throw incomplete(lacking.join(' '));
  if (
    !SIGNED_HEADERS.test(parameters.get('SignedHeaders') ?? '') ||
    !SIGNATURE.test(parameters.get('Signature') ?? '')
  ) {
    throw incomplete('SignedHeaders must be lower-case names of headers, and Signature 64 hexadecimal digits.');
  }

  const credential = CREDENTIAL.exec(parameters.get('Credential') ?? '')?.groups;
  if (!credential) {
    throw incomplete('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.');
  }
  const { accessKeyId = '', terminator = '', service = '' } = credential;
  if (terminator !== 'aws4_request') {
    throw invalid(`Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.`);
  }
  if (service !== signingName) throw invalid(`Credential should be scoped to correct service: '${signingName}'.`);
  if (credential['region'] !== region) throw invalid(`Credential should be scoped to a valid region: '${region}'.`);
  return accessKeyId;
}

function parameterOf(text: string): [name: string, value: string] {
  const [name = '', ...value] = text.trim().split('=');
  return [name, value.join('=')];
}

function incomplete(message: string): KmsError {
  return new KmsError('IncompleteSignatureException', message);
}

function invalid(message: string): KmsError {
  return new KmsError('InvalidSignatureException', message);
}
