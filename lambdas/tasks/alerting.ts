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

/** What was written down and not struck off, about one key. A topic that is still away keeps it there. @throws what the topic throws, once what it leaves is counted */
export async function deliverQueued({ registry, alerts }: AlertPorts, name: string, on: { readonly delivered: (alert: Alert) => void; readonly undelivered: (count: number) => void }): Promise<void> {
  const queued = await registry.queuedAlerts(name);
  for (const [index, alert] of queued.entries()) {
    try {
      await alerts.publish(alert);
    } catch (error) {
      on.undelivered(queued.length - index);
      throw error;
    }
    await registry.forgetAlert(alert);
    on.delivered(alert);
  }
}
