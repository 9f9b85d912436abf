import { answerOrders } from '@repo/processes/child';
import { decodePhoto } from './decode-photo.js';

answerOrders(decodePhoto);
