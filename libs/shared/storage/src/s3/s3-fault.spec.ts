import { InvalidInputError, TemporaryError } from '@repo/kernel';
import { InvalidXMLError } from 'minio';
import { expect, it } from 'vitest';
import { faultOf, NoAnswerError, S3Refusal } from './s3-fault.js';

const system = (code: string) => Object.assign(new Error(code), { code });

it.each([
  [new S3Refusal(404, 'NoSuchKey', ''), 'missing'],
  [new S3Refusal(404, 'NoSuchBucketPolicy', ''), 'missing'],
  [new S3Refusal(404, 'NoSuchBucket', ''), 'busy'],
  [new S3Refusal(404, '', ''), 'down'], // a proxy's own page
  [new S3Refusal(403, 'AccessDenied', ''), 'denied'],
  [new S3Refusal(403, 'InvalidAccessKeyId', ''), 'denied'],
  [new S3Refusal(403, 'SignatureDoesNotMatch', ''), 'denied'],
  [new S3Refusal(403, 'RequestTimeTooSkewed', ''), 'denied'],
  [new S3Refusal(403, '', ''), 'denied'],
  [new S3Refusal(401, '', ''), 'denied'],
  [new S3Refusal(503, 'SlowDown', ''), 'busy'],
  [new S3Refusal(503, 'SlowDownWrite', ''), 'busy'],
  [new S3Refusal(429, '', ''), 'busy'],
  [new S3Refusal(429, 'TooManyRequests', ''), 'busy'],
  [new S3Refusal(400, 'RequestTimeout', ''), 'busy'],
  [new S3Refusal(408, '', ''), 'busy'],
  [new S3Refusal(409, 'OperationAborted', ''), 'busy'],
  [new S3Refusal(400, 'XAmzContentSHA256Mismatch', ''), 'busy'],
  [new S3Refusal(400, 'BadDigest', ''), 'busy'],
  [new S3Refusal(400, 'IncompleteBody', ''), 'busy'],
  [new S3Refusal(500, 'InternalError', ''), 'down'],
  [new S3Refusal(502, '', ''), 'down'],
  [new S3Refusal(503, 'ServiceUnavailable', ''), 'down'],
  [new S3Refusal(504, '', ''), 'down'],
  [new S3Refusal(507, 'XMinioStorageFull', ''), 'down'],
  [new S3Refusal(501, 'NotImplemented', ''), 'refused'],
  [new S3Refusal(400, 'InvalidArgument', ''), 'refused'],
  [new S3Refusal(405, 'MethodNotAllowed', ''), 'refused'],
  [new S3Refusal(409, 'BucketAlreadyExists', ''), 'refused'],
  [new S3Refusal(301, 'PermanentRedirect', ''), 'refused'],
  [new NoAnswerError('late'), 'down'],
  [system('ECONNREFUSED'), 'down'],
  [system('ECONNRESET'), 'down'],
  [system('EPIPE'), 'down'],
  [system('ENOTFOUND'), 'down'],
  [system('EAI_AGAIN'), 'down'],
  [system('HPE_INVALID_CONSTANT'), 'down'],
  [system('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'down'],
  [new InvalidXMLError('no list'), 'down'],
  [new TypeError('ours'), undefined],
  [Object.assign(new TypeError('ours'), { code: 'ERR_INVALID_ARG_TYPE' }), undefined],
  [new Error('ours'), undefined],
  [new TemporaryError('ours'), undefined],
  [new InvalidInputError('ours'), undefined],
  ['no error', undefined],
])('%s: %s', (error, fault) => expect(faultOf(error)).toBe(fault));
