/** Orders found by number, words or telephone number, read page by page. */
import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { intake, read, type Intake } from '@/api/client'
import type { Kind } from '@/orders/filters'

export type Found = Intake['OrderLine']
export interface Sought {
  kind: Kind
  text: string
}

const FIELDS = { number: 'order_no', words: 'words', phone: 'phone' } as const

export function useSearch(sought: MaybeRefOrGetter<Sought | null>) {
  const pages = useInfiniteQuery({
    queryKey: computed(() => ['orders', 'search', toValue(sought)]),
    enabled: computed(() => toValue(sought) !== null),
    initialPageParam: null as string | null,
    // Each search by telephone number is recorded; it is asked once, not again whenever the window is looked at.
    staleTime: Infinity,
    queryFn: ({ pageParam, signal }) => {
      const { kind, text } = toValue(sought) ?? { kind: 'words' as const, text: '' }
      const query = { limit: 50, ...(pageParam === null ? {} : { cursor: pageParam }) }
      return read(intake.POST('/v1/orders/search', { params: { query }, body: { [FIELDS[kind]]: text }, signal }))
    },
    getNextPageParam: (page) => page.next ?? null,
  })
  return {
    rows: computed<Found[]>(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
    pending: computed(() => pages.isPending.value && toValue(sought) !== null),
    fault: pages.error,
    again: pages.refetch,
    more: (): void => {
      if (pages.hasNextPage.value && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
    isWhole: computed(() => !pages.hasNextPage.value),
  }
}
