export * from './sentry-error-reporter.js';
