/** What requests are signed with. */
export interface S3Credentials {
  accessKey: string;
  secretKey: string;
}

/** Where an S3 server answers, as the driver wants to hear it. */
export interface S3Endpoint {
  endPoint: string;
  port: number;
  useSSL: boolean;
}

export interface S3Address extends S3Endpoint {
  region: string;
  /** Undefined when the URL names none. */
  credentials: S3Credentials | undefined;
}

/** What every server takes when nobody named a region: https://docs.aws.amazon.com/general/latest/gr/s3.html */
const standardRegion = 'us-east-1';

/**
 * Reads `http(s)://key:secret@host:port/region`. What has a meaning in a URL is percent-encoded in key and
 * secret. Throws an Error that names neither.
 */
export function readS3Address(url: string): S3Address {
  const { username, password, pathname, ...rest } = parse(url, 'http(s)://key:secret@host:port/region');
  const region = pathname.replace(/^\/|\/$/g, '') || standardRegion;
  if (!/^[\w-]+$/.test(region)) {
    throw new Error(`The region of an object store's URL must be letters, digits and dashes, got "${region}"`);
  }
  const hasCredentials = username !== '' && password !== '';
  return { ...endpointOf(rest), region, credentials: hasCredentials ? { accessKey: decodeURIComponent(username), secretKey: decodeURIComponent(password) } : undefined };
}

/**
 * Reads `http(s)://host:port`, how browsers reach the server. Throws an Error for anything with a path:
 * signatures hold for the path that the server sees, so a proxy may pass requests on but not move them.
 */
export function readPublicEndpoint(url: string): S3Endpoint {
  const { pathname, ...rest } = parse(url, 'http(s)://host:port');
  if (pathname !== '/') {
    throw new Error(`The public URL of an object store must have no path, got "${pathname}"`);
  }
  return endpointOf(rest);
}

interface UrlParts {
  protocol: string;
  hostname: string;
  port: string;
  pathname: string;
  username: string;
  password: string;
}

function parse(url: string, form: string): UrlParts {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new Error(`The URL of an object store must be ${form}`);
  }
  const { protocol, hostname, port, pathname, username, password } = parsed;
  return { protocol, hostname, port, pathname, username, password };
}

function endpointOf({ protocol, hostname, port }: Pick<UrlParts, 'protocol' | 'hostname' | 'port'>): S3Endpoint {
  const useSSL = protocol === 'https:';
  // An IPv6 address stands in brackets in a URL, and without them everywhere else.
  return { endPoint: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (useSSL ? 443 : 80) : Number(port), useSSL };
}
