/** What orders are called, for lists of the other services, which know only their ids. */
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { dispatch, read, type Dispatch } from '@/api/client'

export type Named = Dispatch['NamedOrder']
const MOST = 200

/** The orders with these ids, by their id; one that the person may not see is left out. */
export function useOrderNames(ids: MaybeRefOrGetter<readonly string[]>) {
  const asked = computed(() => [...new Set(toValue(ids))].sort())
  const names = useQuery({
    queryKey: computed(() => ['orders', 'names', asked.value]),
    enabled: computed(() => asked.value.length > 0),
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const parts: string[][] = []
      for (let from = 0; from < asked.value.length; from += MOST) parts.push(asked.value.slice(from, from + MOST))
      const found = await Promise.all(parts.map((part) => read(dispatch.GET('/v1/orders/names', { params: { query: { order_id: part } }, signal }))))
      return found.flat()
    },
  })
  return computed(() => new Map<string, Named>(names.data.value?.map((one) => [one.order_id, one])))
}

/** What a list calls an order: its title, or why there is none to show. */
export function titleOf(named: Named | undefined): string {
  return named === undefined ? '…' : (named.title ?? '（无权查看标题）')
}
