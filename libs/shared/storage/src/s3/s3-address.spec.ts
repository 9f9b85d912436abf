import { describe, expect, it } from 'vitest';
import { readPublicEndpoint, readS3Address } from './s3-address.js';

describe('readS3Address', () => {
  const here = { endPoint: '127.0.0.1', port: 9000, useSSL: false };
  const credentials = { accessKey: 'key', secretKey: 'secret' };

  it.each([
    ['http://key:secret@127.0.0.1:9000/eu-west-3', { ...here, region: 'eu-west-3', credentials }],
    ['http://key:secret@127.0.0.1:9000/eu-west-3/', { ...here, region: 'eu-west-3', credentials }],
    ['http://key:secret@127.0.0.1:9000', { ...here, region: 'us-east-1', credentials }],
    ['http://127.0.0.1:9000/us-east-1', { ...here, region: 'us-east-1', credentials: undefined }],
    ['http://key:secret@127.0.0.1/r', { ...here, port: 80, region: 'r', credentials }],
    ['https://key:secret@s3.example.org/r', { endPoint: 's3.example.org', port: 443, useSSL: true, region: 'r', credentials }],
    ['http://key:secret@[::1]:9000/r', { ...here, endPoint: '::1', region: 'r', credentials }],
    ['http://a%2Fb:s%40c%3Ar%2Fe%25t@127.0.0.1:9000/r', { ...here, region: 'r', credentials: { accessKey: 'a/b', secretKey: 's@c:r/e%t' } }],
  ])('reads %s', (url, expected) => expect(readS3Address(url)).toEqual(expected));

  it.each(['', 'disk', 's3://key:secret@host', 'ftp://key:secret@host/r'])('refuses "%s", saying what was expected', (url) => {
    expect(() => readS3Address(url)).toThrow('must be http(s)://key:secret@host:port/region');
  });

  it('tells no secret', () => {
    expect(() => readS3Address('s3://key:hidden@host')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hidden') }));
    expect(() => readS3Address('http://key:hidden@host/a/b')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hidden') }));
  });

  it('refuses a path that is no region', () => {
    expect(() => readS3Address('http://key:secret@host/bucket/region')).toThrow('region');
  });
});

describe('readPublicEndpoint', () => {
  it.each([
    ['https://photos.example.org', { endPoint: 'photos.example.org', port: 443, useSSL: true }],
    ['http://192.168.1.7:9000/', { endPoint: '192.168.1.7', port: 9000, useSSL: false }],
  ])('reads %s', (url, expected) => expect(readPublicEndpoint(url)).toEqual(expected));

  it('refuses a path, which a proxy would have to take away from what is signed', () => {
    expect(() => readPublicEndpoint('https://example.org/photos')).toThrow('no path');
  });
});
