/** How much waits where, for the bar on top and the page of today. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { dispatch, read } from '@/api/client'
import { may } from '@/session/session'

export function useCounts(): ComputedRef<Readonly<Record<string, number>>> {
  const counts = useQuery({
    queryKey: ['counts'],
    enabled: may('dispatch', 'count_orders'),
    queryFn: ({ signal }) => read(dispatch.GET('/v1/orders/counts', { signal })),
    refetchInterval: 20_000,
  })
  // By state and by list; where both have a name, both count the same orders.
  return computed(() => ({ ...counts.data.value?.counts, ...counts.data.value?.groups }))
}
