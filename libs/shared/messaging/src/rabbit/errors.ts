import { AccessDeniedError, DomainError, PermanentError, TemporaryError } from '@repo/kernel';

export { UnroutableError } from '../message-bus.js';

const notFound = 404;
const accessRefused = 403;
const preconditionFailed = 406;

const codeOf = (error: unknown) => (error as { code?: unknown } | undefined)?.code;

export function isNotFound(error: unknown): boolean {
  return codeOf(error) === notFound;
}

export function isPreconditionFailed(error: unknown): boolean {
  return codeOf(error) === preconditionFailed;
}

/** What a failure of the driver means to the rest of the platform. */
export function brokerFailure(error: unknown): DomainError {
  if (error instanceof DomainError) {
    return error;
  }
  const message = messageOf(error);
  return codeOf(error) === accessRefused || /ACCESS[-_]REFUSED/.test(message)
    ? new AccessDeniedError(`RabbitMQ refuses this: ${message}`, { cause: error })
    : new TemporaryError(`RabbitMQ did not do this: ${message}`, { cause: error });
}

/** What the driver says, where it says too little completed. */
function messageOf(error: unknown): string {
  const { message } = error as Error;
  if (message.startsWith('Expected ConnectionOpenOk')) {
    return 'it does not open the virtual host that the URL names: is it there, and may this user use it?';
  }
  return message || String(codeOf(error)); // of a name that stands for several addresses the system only gives a code
}

/** A queue is there with other settings, made by another version or by hand. Only a person can say what becomes of its messages. */
export class QueueMismatchError extends PermanentError {
  constructor(queue: string, cause: unknown) {
    super(
      `The queue ${queue} is there with other settings than this version gives it: ${(cause as Error).message}. ` +
        `Let it run empty or move its messages, then delete it (rabbitmqctl delete_queue ${queue}): it is made anew within a minute`,
      { cause },
    );
  }
}
