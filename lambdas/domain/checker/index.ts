export { check } from './check';
export { isKeyturnRole, type CheckOptions, type KeyPromise } from './options';
export { summarize, type Summary, type Verdict, type Violation } from './verdict';
