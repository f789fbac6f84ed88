import { Logger } from '@aws-lambda-powertools/logger';

/** One logger per function. Events are never logged whole: they may hold a task token. */
export function loggerFor(functionName: string): Logger {
  return new Logger({ serviceName: 'keyturn', persistentLogAttributes: { task: functionName } });
}
