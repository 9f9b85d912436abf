/** What stands where something was that no log may hold. */
const hidden = '[hidden]';
const maxDepth = 6;
const maxEntries = 100;
const maxCharacters = 10_000;

// Compared without case, dashes and underscores, so `passwordHash`, `x-api-key` and `API_KEY` are all met.
const secretKey = /password|senha|secret|token|authorization|cookie|signature|apikey|credential|^e?mail$|email$/;

/** Secrets that stand in the middle of a text, e.g. in a driver's error message or a link. */
const secretTexts: [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, `$1 ${hidden}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, hidden],
  [/([?&;\s"'](?:signature|token|password|secret|api[_-]?key|x-amz-[\w-]+)=)[^&\s"']+/gi, `$1${hidden}`],
  // The password may itself hold an @: everything up to the last one before the host's end belongs to it.
  [/(\b[a-z][\w+.-]*:\/\/[^\s/:@]*:)[^\s/]+(@)/gi, `$1${hidden}$2`],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[e-mail]'],
];

/**
 * A copy of a value that a log line can hold: without passwords, tokens, signatures and e-mail addresses,
 * of bounded depth and length, errors as plain objects. Never throws.
 */
export function redact(value: unknown): unknown {
  return copy(value, 0, new Set());
}

function copy(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') {
    return String(value).slice(0, 100);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (above.has(value) || depth === maxDepth) {
    return '[…]';
  }
  above.add(value);
  const copied = copyObject(value, depth + 1, above);
  above.delete(value);
  return copied;
}

function copyObject(value: object, depth: number, above: Set<object>): unknown {
  if (value instanceof Error) {
    return copyError(value, depth, above);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (ArrayBuffer.isView(value)) {
    return `[${value.byteLength} bytes]`;
  }
  if (Array.isArray(value)) {
    return value.slice(0, maxEntries).map((entry) => copy(entry, depth, above));
  }
  const entries = Object.entries(value).slice(0, maxEntries);
  return Object.fromEntries(entries.map(([key, entry]) => [key, isSecret(key) ? hidden : copy(entry, depth, above)]));
}

// Only what tells of the error: drivers hang connections with everything in them onto theirs.
function copyError(error: Error, depth: number, above: Set<object>): Record<string, unknown> {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(code !== undefined && { code: copy(code, depth, above) }),
    ...(cause !== undefined && { cause: copy(cause, depth, above) }),
  };
}

function isSecret(key: string): boolean {
  return secretKey.test(key.toLowerCase().replace(/[-_]/g, ''));
}

/** The text without what looks like a secret or an e-mail address. */
export function redactText(text: string): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return secretTexts.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), short);
}
