export class AuthSettings {
  constructor(
    /** At least 256 bits of text, as RFC 7518 asks of an HS256 key. */
    readonly jwtSecret: string,
    /** Minutes an access token lives. */
    readonly tokenMinutes: number,
  ) {}
}
