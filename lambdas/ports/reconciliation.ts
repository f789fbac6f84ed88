import type { KeyFindings, PassState } from '../domain/findings';

/** What `reconcile` remembers from one firing to the next. Hints only: what is lost is found again. */
export interface Reconciliation {
  findings(name: string): Promise<KeyFindings>;
  remember(name: string, findings: KeyFindings): Promise<void>;
  pass(): Promise<PassState>;
  rememberPass(pass: PassState): Promise<void>;
}
