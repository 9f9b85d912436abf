export interface ServerEvent {
  /** `message` when the server named none. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6). An event that the stream ends
 * in the middle of is dropped, as the standard asks.
 */
export async function* readEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let unread = '';
  let event = '';
  let data: string[] = [];
  for await (const chunk of stream) {
    unread += decoder.decode(chunk, { stream: true });
    // A carriage return at the very end may be half of a line break: it waits for the next chunk.
    const lines = unread.split(/\r\n|\n|\r(?!$)/);
    unread = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) {
          yield { event: event || 'message', data: data.join('\n') };
        }
        event = '';
        data = [];
        continue;
      }
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') {
        data.push(value);
      } else if (field === 'event') {
        event = value;
      }
    }
  }
}
