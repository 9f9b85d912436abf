import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { JsonLogger } from './json-logger.js';
import { inTrace } from './trace-context.js';

const lines: string[] = [];
const destination = { write: (line: string) => void lines.push(line) };
const logger = new JsonLogger({ service: 'backend', level: 'info', destination });
const written = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

afterEach(() => lines.splice(0));

describe('JsonLogger', () => {
  it.each([
    ['a text', ['ready'], { msg: 'ready' }],
    ['a text and a context', ['ready', 'main'], { msg: 'ready', context: 'main' }],
    ['an object', [{ msg: 'given up', queue: 'Q' }, 'messages'], { msg: 'given up', queue: 'Q', context: 'messages' }],
    ['an object without a message', [{ queue: 'Q' }], { msg: '', queue: 'Q' }],
    ['an error', [new TypeError('no'), 'http'], { msg: 'no', context: 'http' }],
    ['an error and a text', [new TypeError('no'), 'GET / answered 500', 'http'], { msg: 'GET / answered 500', context: 'http' }],
    ['a text and nothing, as Nest gives them', ['no', undefined, 'http'], { msg: 'no', context: 'http' }],
    ['a text and a stack', ['no', 'Error: no\n    at main', 'http'], { msg: 'no', stack: 'Error: no\n    at main', context: 'http' }],
    ['null and a number', [null, 5, 'x'], { msg: '5', context: 'x' }],
  ])('writes %s', (_, parts: unknown[], expected) => {
    logger.error(...parts);
    expect(written()).toEqual([expect.objectContaining({ level: 50, service: 'backend', ...expected })]);
  });

  it('writes an error with its type, stack and cause', () => {
    logger.error({ msg: 'the outbox could not be read', err: new Error('no answer', { cause: new Error('ECONNRESET') }) });
    expect(written()[0]).toMatchObject({ msg: 'the outbox could not be read', err: { type: 'Error', message: 'no answer', cause: { message: 'ECONNRESET' } } });
  });

  it('keeps silent below its level', () => {
    logger.debug('detail');
    logger.verbose('more detail');
    expect(lines).toEqual([]);
  });

  it('names the trace that the work belongs to', () => {
    inTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', () => logger.log('inside'));
    logger.log('outside');
    expect(written()[0]).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(written()[1]).not.toHaveProperty('traceId');
  });

  it('takes what Nest\'s own Logger hands over', () => {
    Logger.overrideLogger(logger);
    new Logger('messages').warn({ msg: 'a message comes back', queue: 'Q' });
    new Logger('http').error('failed');
    expect(written()).toMatchObject([
      { level: 40, context: 'messages', msg: 'a message comes back', queue: 'Q' },
      { level: 50, context: 'http', msg: 'failed' },
    ]);
  });

  it.each(['two\nlines', 'carriage\rreturn', '{"level":60,"msg":"forged"}', 'escape \u001b[31m', 'line separator \u2028', '"},{"level":60'])(
    'keeps a text with "%s" in one line that reads back the same',
    (text) => {
      logger.log(text);
      logger.log({ msg: 'x', name: text });
      expect(lines).toHaveLength(2);
      expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
      expect(written()).toMatchObject([{ msg: text }, { name: text }]);
    },
  );

  it('does not let an object replace the fields of the line', () => {
    logger.log({ msg: 'x', level: 60, time: 'never', service: 'forged', pid: 1, context: 'forged', traceId: 'forged' });
    expect(written()[0]).toMatchObject({ level: 30, service: 'backend', pid: process.pid });
    expect(lines[0]).not.toContain('forged');
    expect(lines[0]!.match(/"level"/g)).toHaveLength(1);
  });

  it('hides secrets and addresses wherever they stand', () => {
    logger.log('sign-in of ana@example.com with Bearer abc.def');
    logger.log({ msg: 'x', headers: { authorization: 'Bearer abc.def', cookie: 'a=b' }, user: { email: 'ana@example.com', password: 'abc.def' } });
    logger.error(new Error('postgres://app:abc.def@db/x for ana@example.com'));
    expect(lines.join('')).not.toMatch(/ana@|abc\.def|a=b/);
  });
});
