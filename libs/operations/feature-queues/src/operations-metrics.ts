import { counter } from '@repo/observability';

export const deadLettersCount = counter('dead_letters_total', 'Messages that were given up, by queue and cause', ['queue', 'cause']);
export const sentAgainCount = counter('messages_sent_again_total', 'Messages that were sent again because no trace of them was left', ['queue']);
