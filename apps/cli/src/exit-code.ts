/** What a command leaves behind for scripts. */
export const exitCode = {
  done: 0,
  /** It ran, but not everything came out as asked: a file was refused, a training failed. */
  incomplete: 1,
  usage: 2,
  /** Nobody answers, or the sign-in was refused. */
  noPlatform: 3,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** The command line can't be understood. */
export class UsageError extends Error {}
