export { HttpClassifier } from './http-classifier.js';
export { HttpModelAnnouncer } from './http-model-announcer.js';
export { ServiceClient, type ServiceClientOptions } from './service-client.js';
