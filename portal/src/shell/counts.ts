/** How much waits where, for the bar on top and the page of today. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { dispatch, read } from '@/api/client'
import { may } from '@/session/session'

function useQueryOfCounts() {
  return useQuery({
    queryKey: ['counts'],
    enabled: may('dispatch', 'count_orders'),
    queryFn: ({ signal }) => read(dispatch.GET('/v1/orders/counts', { signal })),
    refetchInterval: 20_000,
  })
}

export function useCounts(): ComputedRef<Readonly<Record<string, number>>> {
  const counts = useQueryOfCounts()
  // By state and by list; where both have a name, both count the same orders.
  return computed(() => ({ ...counts.data.value?.counts, ...counts.data.value?.groups }))
}

/** Whether they have been read: a group that is not among them then has no orders. */
export function useCountsRead(): ComputedRef<boolean> {
  const counts = useQueryOfCounts()
  return computed(() => counts.data.value !== undefined)
}
