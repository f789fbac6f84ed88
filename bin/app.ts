import { App } from 'aws-cdk-lib';
import { resolve } from 'node:path';
import { loadConfig } from '../lib/config/load';
import { ConfigError } from '../lib/config/problem';
import { KeyturnStack } from '../lib/keyturn-stack';

const app = new App();
const context = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;

/** As context (`-c KEYTURN_CONFIG=…`), or as environment, which reaches the app through any wrapper. */
const configPath = resolve(context('KEYTURN_CONFIG') ?? (process.env['KEYTURN_CONFIG'] || 'keyturn.config.json'));

try {
  new KeyturnStack(app, context('stackName') ?? 'keyturn', { configuration: loadConfig(configPath) });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  // The person's mistake, not ours: no stack trace.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
