/** A list of orders as the platform sorts it, read page by page, asked for again every few seconds. */
import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { dispatch, read } from '@/api/client'
import type { paths } from '@/api/types/dispatch'
import type { Dispatch } from '@/api/client'

export type Listed = Dispatch['OrderOut']
export type Filter = Omit<NonNullable<paths['/v1/orders']['get']['parameters']['query']>, 'cursor' | 'limit'>

const PAGE = 100
const AGAIN_EVERY = 15_000

export function useOrderList(filter: MaybeRefOrGetter<Filter>, enabled = true) {
  const pages = useInfiniteQuery({
    queryKey: computed(() => ['orders', toValue(filter)]),
    enabled,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      read(dispatch.GET('/v1/orders', { params: { query: { ...toValue(filter), limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: AGAIN_EVERY,
  })
  return {
    rows: computed<Listed[]>(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
    pending: pages.isPending,
    fault: pages.error,
    again: pages.refetch,
    /** The end of what has been read comes into view. */
    more: (): void => {
      if (pages.hasNextPage.value && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
    isWhole: computed(() => !pages.hasNextPage.value),
  }
}
