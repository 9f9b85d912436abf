import { newId } from '@repo/kernel';

/** An envelope's text with some of its fields made wrong; `undefined` leaves one out. */
function envelope(name: string, changes: Record<string, unknown>): string {
  return JSON.stringify({ messageId: newId(), name, sentAt: '2026-03-01T12:00:00.000Z', body: { n: 1 }, ...changes });
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** Texts that nobody can handle, for a message `name` whose body is `{ n: number }`. */
export function poisonFor(name: string): [what: string, text: string, cause: 'malformed' | 'unknown message'][] {
  return [
    ['nothing', '', 'malformed'],
    ['plain words', 'hello', 'malformed'],
    ['half an object', '{"messageId":"0', 'malformed'],
    ['a byte order mark', `\uFEFF${envelope(name, {})}`, 'malformed'],
    ['null', 'null', 'malformed'],
    ['a number', '42', 'malformed'],
    ['a list', '[]', 'malformed'],
    ['an empty object', '{}', 'malformed'],
    ['no id', envelope(name, { messageId: undefined }), 'malformed'],
    ['an id that is no UUID', envelope(name, { messageId: "1'; drop table job; --" }), 'malformed'],
    ['no date', envelope(name, { sentAt: 'yesterday' }), 'malformed'],
    ['no body', envelope(name, { body: undefined }), 'malformed'],
    ['a null body', envelope(name, { body: null }), 'malformed'],
    ['a body of another type', envelope(name, { body: { n: 'one' } }), 'malformed'],
    ['a number beyond all bounds', envelope(name, {}).replace('"n":1', '"n":1e999'), 'malformed'],
    ['prototype keys for a body', envelope(name, {}).replace('{"n":1}', '{"__proto__":{"n":1},"constructor":{"prototype":{"n":1}}}'), 'malformed'],
    ['a body 100,000 levels deep', envelope(name, {}).replace('{"n":1}', nested(100_000)), 'malformed'],
    ['lists 100,000 levels deep', nested(100_000), 'malformed'],
    ['5 MB of body', envelope(name, { body: { n: 1, ballast: 'x'.repeat(5_000_000) } }), 'malformed'],
    ['another version of the message', envelope(name.replace(/\d+$/, '99'), {}), 'unknown message'],
    ['a message nobody knows', envelope('__proto__', {}), 'unknown message'],
  ];
}
