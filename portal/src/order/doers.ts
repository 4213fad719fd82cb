/** Who did something to an order, by its timeline. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { dispatch, read, type Dispatch } from '@/api/client'
import { ROLES } from '@/labels'

type Who = Dispatch['Who']
type Entry = Dispatch['TimelineEntry']

/** A person by name and role, or by the role alone where the name is not told; empty for what the platform did by itself. */
export function whoWords(who: Who): string {
  if (who.role === 'system') return ''
  const roles = who.role
    .split('+')
    .map((role) => ROLES[role] ?? role)
    .join('、')
  if (who.name === null) return roles
  // Who is called by his role is not called by it twice.
  return who.name.includes(roles) ? who.name : `${who.name}（${roles}）`
}

const AGAIN_AFTER = 1_500
const MOST_TIMES = 8

/** Who did one of these kinds of things at this moment; empty while nothing is asked, or as long as the timeline does not tell it. */
export function useDoer(orderId: () => string, kinds: readonly string[], at: () => string | null | undefined): ComputedRef<string> {
  const entryIn = (entries: readonly Entry[] | undefined): Entry | undefined => {
    const moment = Date.parse(at() ?? '')
    return entries?.find((entry) => kinds.includes(entry.kind) && Date.parse(entry.at) === moment)
  }
  const entries = useQuery({
    queryKey: computed(() => ['order', orderId(), 'done', at() ?? '']),
    enabled: computed(() => at() != null),
    queryFn: async ({ signal }) => (await read(dispatch.GET('/v1/orders/{order_id}/timeline', { params: { path: { order_id: orderId() }, query: { limit: 200 } }, signal }))).items,
    // The timeline is written a moment after the order.
    refetchInterval: (query) => (entryIn(query.state.data) === undefined && query.state.dataUpdateCount < MOST_TIMES ? AGAIN_AFTER : false),
  })
  return computed(() => {
    const found = entryIn(entries.data.value)
    return found === undefined ? '' : whoWords(found.who)
  })
}
