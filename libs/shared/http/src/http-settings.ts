/** What the parts of this library need to know about the app they serve. */
export class HttpSettings {
  /** What the platform's own services send as bearer token. */
  readonly serviceToken: string;
  /** Requests a minute for each user, or for each address where nobody is signed in. */
  readonly requestsPerMinute: number;
  /** Largest photo in a form, in bytes. */
  readonly maxPhotoBytes: number;

  constructor(settings: HttpSettings) {
    this.serviceToken = settings.serviceToken;
    this.requestsPerMinute = settings.requestsPerMinute;
    this.maxPhotoBytes = settings.maxPhotoBytes;
  }
}
