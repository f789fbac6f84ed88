#!/usr/bin/env -S npx tsx
import { run } from '../cli/program';

void run(process.argv, process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
