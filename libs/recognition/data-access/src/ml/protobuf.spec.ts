import { expect, it } from 'vitest';
import { ProtobufMessage } from './protobuf.js';

const hex = (message: ProtobufMessage) => message.encode().toString('hex');

// The examples of protobuf.dev/programming-guides/encoding, and the edges of varints.
it.each([
  ['150 in field 1', new ProtobufMessage().integer(1, 150), '089601'],
  ['0', new ProtobufMessage().integer(1, 0), '0800'],
  ['127 fits one byte', new ProtobufMessage().integer(1, 127), '087f'],
  ['128 takes two', new ProtobufMessage().integer(1, 128), '088001'],
  ['-1 takes ten', new ProtobufMessage().integer(1, -1), '08ffffffffffffffffff01'],
  ['2^40 is not cut', new ProtobufMessage().integer(1, 2 ** 40), '08808080808020'],
  ['the largest 64-bit integer', new ProtobufMessage().integer(1, 2n ** 63n - 1n), '08ffffffffffffffff7f'],
  ['field 20 has a key of two bytes', new ProtobufMessage().integer(20, 1), 'a00101'],
  ['text', new ProtobufMessage().text(2, 'testing'), '120774657374696e67'],
  ['text beyond ASCII', new ProtobufMessage().text(2, 'é'), '1202c3a9'],
  ['a number', new ProtobufMessage().float(5, 1.5), '2d0000c03f'],
  ['a message in a message', new ProtobufMessage().message(3, new ProtobufMessage().integer(1, 150)), '1a03089601'],
  ['nothing', new ProtobufMessage(), ''],
])('writes %s', (_, message, expected) => {
  expect(hex(message)).toBe(expected);
});

it('writes the length of long bytes', () => {
  expect(new ProtobufMessage().bytes(1, new Uint8Array(300)).encode().subarray(0, 3).toString('hex')).toBe('0aac02');
});
