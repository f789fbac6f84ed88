import type { Alert } from '../domain/alert';
import type { Alerts } from '../ports/outside';
import type { Registry } from '../ports/registry';

export interface AlertPorts {
  readonly registry: Registry;
  readonly alerts: Alerts;
  /** The topic did not take the alert. It waits in the registry, and `reconcile` delivers it later. */
  readonly onAlertLost: (error: unknown) => void;
}

/** Writes an alert down, publishes it, and strikes it off. A topic that fails blocks nothing: whatever was not struck off is delivered later. */
export async function deliver({ registry, alerts, onAlertLost }: AlertPorts, alert: Alert): Promise<void> {
  await registry.queueAlert(alert);
  try {
    await alerts.publish(alert);
  } catch (error) {
    onAlertLost(error);
    return;
  }
  await registry.forgetAlert(alert).catch(onAlertLost);
}
