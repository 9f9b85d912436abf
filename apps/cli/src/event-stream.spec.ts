import { expect, it } from 'vitest';
import { readEvents } from './event-stream.js';

async function eventsOf(...chunks: string[]) {
  const encoder = new TextEncoder();
  async function* stream() {
    yield* chunks.map((chunk) => encoder.encode(chunk));
  }
  const events = [];
  for await (const event of readEvents(stream())) {
    events.push(event);
  }
  return events;
}

it.each([
  ['one event', ['data: {"a":1}\n\n'], [{ event: 'message', data: '{"a":1}' }]],
  ['a named one', ['event: progress\ndata: x\n\n'], [{ event: 'progress', data: 'x' }]],
  ['two in one chunk', ['data: 1\n\ndata: 2\n\n'], [{ event: 'message', data: '1' }, { event: 'message', data: '2' }]],
  ['one over many chunks', ['da', 'ta: 1', '2\n', '\n'], [{ event: 'message', data: '12' }]],
  ['carriage returns, split anywhere', ['data: 1\r', '\n\r', '\ndata: 2\r\n\r\n'], [{ event: 'message', data: '1' }, { event: 'message', data: '2' }]],
  ['several lines of data', ['data: a\ndata: b\n\n'], [{ event: 'message', data: 'a\nb' }]],
  ['comments and heartbeats as nothing', [': ping\n\n', 'data: 1\n\n'], [{ event: 'message', data: '1' }]],
  ['a colon inside the data', ['data:{"a":"b:c"}\n\n'], [{ event: 'message', data: '{"a":"b:c"}' }]],
  ['no event that has not ended', ['data: 1\n'], []],
])('reads %s', async (_, chunks, expected) => expect(await eventsOf(...chunks)).toEqual(expected));

it('keeps a letter that two chunks share', async () => {
  const bytes = new TextEncoder().encode('data: relógio\n\n');
  async function* halves() {
    yield bytes.subarray(0, 10); // in the middle of the ó
    yield bytes.subarray(10);
  }
  const events = [];
  for await (const event of readEvents(halves())) {
    events.push(event.data);
  }
  expect(events).toEqual(['relógio']);
});
