/** Sizes are in bytes before Base64, unless stated otherwise. Source: xks_proxy_api_spec 1.0.3, "Encrypt" and "Decrypt". */
export const MAX_PLAINTEXT_BYTES = 4_300;
export const MAX_AAD_BYTES = 8_192;
export const MAX_CIPHERTEXT_METADATA_BYTES = 20;
export const IV_BYTES: readonly number[] = [12, 16];
export const TAG_BYTES = 16;
/** Most characters of a request's path. Spec, "API operations": "the total URI length MUST NOT exceed 256 characters". */
export const MAX_URI_CHARACTERS = 256;
/** Most characters of `[/<prefix>]/kms/xks/v1`. */
export const MAX_URI_PATH_CHARACTERS = 128;
