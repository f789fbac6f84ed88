#!/usr/bin/env -S node --import tsx
import { run } from '../cli/program';

// The SDK's word that it will want a newer Node some day is not what anybody asked for.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

void run(process.argv, process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
