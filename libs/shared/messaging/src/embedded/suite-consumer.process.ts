import { Logger } from '@nestjs/common';
import { consumeSuite } from '../testing/suite-consumer.js';
import { PgBossMessageBus } from './pg-boss-message-bus.js';

// A consumer that its tests can kill: url, queue and the number of messages at once.
Logger.overrideLogger(false);
const [url, queue, parallel] = process.argv.slice(2);
await consumeSuite((deadLetters) => PgBossMessageBus.open({ url: url!, deadLetters }), queue!, Number(parallel));
