export { HttpClassifier } from './http-classifier.js';
export { HttpModelAnnouncer } from './http-model-announcer.js';
export { HttpServedVersion } from './http-served-version.js';
export { ServiceClient, type ServiceClientOptions } from './service-client.js';
