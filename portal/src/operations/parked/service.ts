/** Parked events are the same in every service; one client of them stands for all. */
import { analytics, dispatch, intake, review, sla } from '@/api/client'
import type { Service } from '@/session/session'

/** Its paths under /v1/operations are declared alike in all five documents. */
export function clientOf(service: Service): typeof dispatch {
  const clients = { intake, dispatch, sla, review, analytics }
  return clients[service]
}
